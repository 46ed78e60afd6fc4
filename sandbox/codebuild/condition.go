package codebuild

import (
	"encoding/json"
	"strconv"

	"github.com/twokey/twokey/iam"
)

// requestKeys are the condition keys of what a request sets ("Using IAM policy
// condition keys with CodeBuild"): codebuild:source.location and so on, by the
// names of the members. Of lists, a key holds the values of all items, and one
// with the item's name those of that item. A member that is an object is there
// under its own name too, with its JSON as its value, so that a policy can ask
// whether it is.
func requestKeys(ctx *iam.Context, members map[string]any, tags []*Tag) error {
	data, err := json.Marshal(members)
	if err != nil {
		return err
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		return err
	}
	single, lists := map[string][]string{}, map[string][]string{}
	for name, v := range tree {
		collect(single, lists, "codebuild:"+name, v)
	}
	for k, v := range single {
		if len(v) > 1 { // two items of one name
			ctx.SetList(k, v...)
			continue
		}
		ctx.Set(k, v[0])
	}
	for k, v := range lists {
		ctx.SetList(k, v...)
	}
	var tagKeys []string
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
		tagKeys = append(tagKeys, t.Key)
	}
	if len(tagKeys) > 0 {
		ctx.SetList("aws:TagKeys", tagKeys...)
	}
	return nil
}

// itemNames are the members by which condition keys name the items of lists.
var itemNames = []string{"name", "identifier", "sourceIdentifier", "artifactIdentifier"}

// collect finds the values at a place and beneath it. What lies in a list goes to
// lists, the rest to single.
func collect(single, lists map[string][]string, at string, v any) {
	put := func(text string) { single[at] = append(single[at], text) }
	switch v := v.(type) {
	case nil:
	case string:
		put(v)
	case bool:
		put(strconv.FormatBool(v))
	case float64:
		put(strconv.FormatFloat(v, 'f', -1, 64))
	case map[string]any:
		put(text(v))
		for name, m := range v {
			collect(single, lists, at+"."+name, m)
		}
	case []any:
		objects := false
		for _, item := range v {
			object, ok := item.(map[string]any)
			if !ok {
				collect(lists, lists, at, item)
				continue
			}
			objects = true
			for name, m := range object {
				collect(lists, lists, at+"."+name, m)
			}
			for _, name := range itemNames {
				if id, ok := object[name].(string); ok {
					for name, m := range object {
						collect(single, lists, at+"/"+id+"."+name, m)
					}
				}
			}
		}
		if objects || len(v) == 0 {
			put(text(v))
		}
	}
}

func text(v any) string {
	data, _ := json.Marshal(v) // of what JSON gave: cannot fail
	return string(data)
}

// overrides are the members of a request to start a build by their places in a
// project.
func (in *StartBuildInput) overrides() map[string]any {
	m := map[string]any{}
	set := func(part map[string]any, name string, v any, there bool) {
		if there {
			part[name] = v
		}
	}
	source, environment := map[string]any{}, map[string]any{}
	set(source, "type", in.SourceTypeOverride, in.SourceTypeOverride != "")
	set(source, "location", in.SourceLocationOverride, in.SourceLocationOverride != "")
	set(source, "buildspec", in.BuildspecOverride, in.BuildspecOverride != "")
	set(source, "insecureSsl", in.InsecureSslOverride, in.InsecureSslOverride != nil)
	set(source, "auth", in.SourceAuthOverride, in.SourceAuthOverride != nil)
	set(source, "buildStatusConfig", in.BuildStatusConfigOverride, in.BuildStatusConfigOverride != nil)
	set(environment, "type", in.EnvironmentTypeOverride, in.EnvironmentTypeOverride != "")
	set(environment, "image", in.ImageOverride, in.ImageOverride != "")
	set(environment, "computeType", in.ComputeTypeOverride, in.ComputeTypeOverride != "")
	set(environment, "certificate", in.CertificateOverride, in.CertificateOverride != "")
	set(environment, "privilegedMode", in.PrivilegedModeOverride, in.PrivilegedModeOverride != nil)
	set(environment, "environmentVariables", in.EnvironmentVariablesOverride, in.EnvironmentVariablesOverride != nil)
	set(environment, "imagePullCredentialsType", in.ImagePullCredentialsTypeOverride, in.ImagePullCredentialsTypeOverride != "")
	set(environment, "registryCredential", in.RegistryCredentialOverride, in.RegistryCredentialOverride != nil)
	set(environment, "fleet", in.FleetOverride, in.FleetOverride != nil)
	set(m, "source", source, len(source) > 0)
	set(m, "environment", environment, len(environment) > 0)
	set(m, "sourceVersion", in.SourceVersion, in.SourceVersion != "")
	set(m, "secondarySources", in.SecondarySourcesOverride, in.SecondarySourcesOverride != nil)
	set(m, "secondarySourceVersions", in.SecondarySourcesVersionOverride, in.SecondarySourcesVersionOverride != nil)
	set(m, "artifacts", in.ArtifactsOverride, in.ArtifactsOverride != nil)
	set(m, "secondaryArtifacts", in.SecondaryArtifactsOverride, in.SecondaryArtifactsOverride != nil)
	set(m, "cache", in.CacheOverride, in.CacheOverride != nil)
	set(m, "serviceRole", in.ServiceRoleOverride, in.ServiceRoleOverride != "")
	set(m, "encryptionKey", in.EncryptionKeyOverride, in.EncryptionKeyOverride != "")
	set(m, "logsConfig", in.LogsConfigOverride, in.LogsConfigOverride != nil)
	set(m, "timeoutInMinutes", in.TimeoutInMinutesOverride, in.TimeoutInMinutesOverride != nil)
	set(m, "queuedTimeoutInMinutes", in.QueuedTimeoutInMinutesOverride, in.QueuedTimeoutInMinutesOverride != nil)
	set(m, "autoRetryLimit", in.AutoRetryLimitOverride, in.AutoRetryLimitOverride != nil)
	return m
}
