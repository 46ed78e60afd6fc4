package codebuild

import "strings"

// announce tells the bus of a build's state ("Build notifications input format
// reference", AWS CodeBuild user guide).
func (s *service) announce(row *build) error {
	const stamp = "Jan 2, 2006 3:04:05 PM"
	b := &row.Build
	var phases []map[string]any
	for _, p := range b.Phases {
		m := map[string]any{"phase-type": p.PhaseType, "phase-context": []string{}, "start-time": p.StartTime.UTC().Format(stamp)}
		if p.PhaseStatus != "" {
			m["phase-status"], m["end-time"], m["duration-in-seconds"] = p.PhaseStatus, p.EndTime.UTC().Format(stamp), value(p.DurationInSeconds)
			var contexts []string
			for _, c := range p.Contexts {
				contexts = append(contexts, c.StatusCode+": "+c.Message)
			}
			m["phase-context"] = contexts
		}
		phases = append(phases, m)
	}
	environment := map[string]any{
		"image": b.Environment.Image, "privileged-mode": value(b.Environment.PrivilegedMode), "compute-type": b.Environment.ComputeType,
		"type": b.Environment.Type, "environment-variables": []any{},
	}
	information := map[string]any{
		"environment": environment, "timeout-in-minutes": value(b.TimeoutInMinutes), "build-complete": complete(b), "build-number": value(b.BuildNumber),
		"initiator": b.Initiator, "build-start-time": b.StartTime.UTC().Format(stamp),
		"source": map[string]any{"location": b.Source.Location, "type": b.Source.Type}, "source-version": b.SourceVersion, "phases": phases,
	}
	if b.Artifacts != nil {
		information["artifact"] = map[string]any{"location": b.Artifacts.Location, "md5sum": b.Artifacts.Md5sum, "sha256sum": b.Artifacts.Sha256sum}
	}
	if b.Logs != nil {
		information["logs"] = map[string]any{"group-name": b.Logs.GroupName, "stream-name": b.Logs.StreamName, "deep-link": b.Logs.DeepLink}
	}
	detail := map[string]any{
		"build-status": b.BuildStatus, "project-name": b.ProjectName, "build-id": b.Arn, "additional-information": information,
		"current-phase": b.CurrentPhase, "current-phase-context": "[]", "version": "1",
	}
	return s.world.Publish(row.Account, row.Region, "aws.codebuild", "CodeBuild Build State Change", []string{b.Arn}, detail)
}

// logsLocation is where the log of a build goes: the project's group, or one of
// its name, and a stream of the build's own.
func logsLocation(account, region string, config *LogsConfig, project, number string) *LogsLocation {
	out := &LogsLocation{}
	cw := &CloudWatchLogsConfig{Status: "ENABLED"}
	if config != nil {
		if config.CloudWatchLogs != nil {
			cw = config.CloudWatchLogs
		}
		out.S3Logs = config.S3Logs
	}
	out.CloudWatchLogs = cw
	if cw.Status != "ENABLED" {
		return out
	}
	out.GroupName, out.StreamName = cw.GroupName, number
	if out.GroupName == "" {
		out.GroupName = "/aws/codebuild/" + project
	}
	if cw.StreamName != "" {
		out.StreamName = cw.StreamName + "/" + number
	}
	out.CloudWatchLogsArn = "arn:aws:logs:" + region + ":" + account + ":log-group:" + out.GroupName + ":log-stream:" + out.StreamName
	out.DeepLink = "https://console.aws.amazon.com/cloudwatch/home?region=" + region + "#logsV2:log-groups/log-group/" + strings.ReplaceAll(out.GroupName, "/", "$252F") +
		"/log-events/" + strings.ReplaceAll(out.StreamName, "/", "$252F")
	return out
}

// renumber is the log of a build that another is retried as.
func renumber(l *LogsLocation, old, number string) *LogsLocation {
	if l == nil {
		return nil
	}
	out := *l
	for _, text := range []*string{&out.StreamName, &out.CloudWatchLogsArn, &out.DeepLink} {
		*text = strings.ReplaceAll(*text, old, number)
	}
	return &out
}
