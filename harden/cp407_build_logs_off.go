package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp407 = rule{describe("CP-407", "build-logs-off", finding.Medium,
	"Builds leave no log, or an unencrypted one",
	"OWASP CICD-SEC-10", "NIST 800-53 AU-2", "Security Hub CodeBuild.3", "Security Hub CodeBuild.4", "Checkov CKV_AWS_314", "Checkov CKV_AWS_311"), checkBuildLogs}

func checkBuildLogs(s *scan) {
	for _, b := range s.builds() {
		logs := b.Props.Get("LogsConfig")
		if logs.IsUnknown() {
			s.unknown(b.subject(), b.Pos, "where "+b.title()+" logs could not be resolved").mend("Set it in the template.", logsPatch)
			continue
		}
		watch, bucket := textOf(logs.Path("CloudWatchLogs", "Status")), textOf(logs.Path("S3Logs", "Status"))
		open, _, _ := flag(logs.Path("S3Logs", "EncryptionDisabled"))
		switch {
		case watch == "DISABLED" && bucket != "ENABLED": // where it says nothing, CloudWatch logs are on
			s.fail(b.subject(), keyPos(b.Props, b.Pos, "LogsConfig"), b.title()+" keeps no log").keyed("off").mend("Turn CloudWatch logs on.", logsPatch)
		case bucket == "ENABLED" && open:
			s.fail(b.subject(), keyPos(logs, b.Pos, "S3Logs", "EncryptionDisabled"), b.title()+" keeps its log unencrypted").keyed("plain").
				mend("Let the log be encrypted.", "EncryptionDisabled: false\n")
		}
	}
}

const logsPatch = `
LogsConfig:
  CloudWatchLogs:
    Status: ENABLED
`
