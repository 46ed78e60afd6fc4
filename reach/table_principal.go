package reach

// principalRows become another principal or edit what one may do. The required
// permissions are those of the path of the same id in DataDog's pathfinding.cloud.
var principalRows = []Technique{
	{
		ID: "sts-001", Title: "Assume a role that trusts the caller", Subject: OnRole, Gains: GainIs, Followed: true,
		Holds:     "a principal that the trust policy of the role admits",
		Needs:     allOf(may("sts:AssumeRole", "{role}")),
		Says:      "{principal} may assume {role}",
		Mend:      "remove sts:AssumeRole on {role} from {principal}",
		Reference: "pathfinding.cloud sts-001",
	},
	{
		ID: "sts-001-unseen", Title: "Assume a role that trusts a whole account", Subject: OnRole, Gains: GainIs, Followed: true,
		Holds:     "a principal that the estate does not show, in an account that the trust policy names as a whole",
		Says:      "{trusted} may let anyone in it assume {role}",
		If:        "if an administrator of {trusted} lets them call sts:AssumeRole on {role}",
		Mend:      "name in the trust policy of {role} the roles that need it instead of {trusted}",
		Reference: "IAM user guide, role trust policies",
	},
	{
		ID: "sign-in", Title: "Sign in to a role", Subject: OnRole, Gains: GainIs, Followed: true,
		Holds:     "an identity of the provider that the trust policy of the role admits",
		Says:      "someone signs in as {role} by {provider}",
		Mend:      "give the people behind {role} under people in twokey.yaml, or take from {role} what this way uses",
		Reference: "IAM user guide, identity providers and federation",
	},
	{
		ID: "iam-002", Title: "Make an access key for a user", Subject: OnUser, Gains: GainIs, Followed: true, Through: true,
		Needs:     allOf(may("iam:CreateAccessKey", "{user}")),
		Says:      "{principal} makes an access key for {user} and acts as {user}",
		Mend:      "remove iam:CreateAccessKey on {user} from {principal}",
		Reference: "pathfinding.cloud iam-002",
	},
	{
		ID: "iam-003", Title: "Replace an access key of a user who has two", Subject: OnUser, Gains: GainIs, Followed: true,
		Needs:     allOf(may("iam:CreateAccessKey", "{user}"), may("iam:DeleteAccessKey", "{user}")),
		Says:      "{principal} replaces an access key of {user} and acts as {user}",
		Mend:      "remove iam:CreateAccessKey on {user} from {principal}",
		Reference: "pathfinding.cloud iam-003",
	},
	{
		ID: "iam-004", Title: "Give a user a console password", Subject: OnUser, Gains: GainIs, Followed: true,
		Needs:     allOf(may("iam:CreateLoginProfile", "{user}")),
		Says:      "{principal} gives {user} a console password and signs in as {user}",
		Mend:      "remove iam:CreateLoginProfile on {user} from {principal}",
		Reference: "pathfinding.cloud iam-004",
	},
	{
		ID: "iam-006", Title: "Change a user's console password", Subject: OnUser, Gains: GainIs, Followed: true,
		Needs:     allOf(may("iam:UpdateLoginProfile", "{user}")),
		Says:      "{principal} changes the console password of {user} and signs in as {user}",
		If:        "if {user} has a console password, and no MFA device or one the coalition holds",
		Mend:      "remove iam:UpdateLoginProfile on {user} from {principal}",
		Reference: "pathfinding.cloud iam-006",
	},
	{
		ID: "iam-012", Title: "Edit the trust policy of a role", Subject: OnRole, Gains: GainIs, Followed: true,
		Needs:     allOf(may("iam:UpdateAssumeRolePolicy", "{role}")),
		Says:      "{principal} names itself in the trust policy of {role} and assumes it",
		Mend:      "remove iam:UpdateAssumeRolePolicy on {role} from {principal}",
		Reference: "pathfinding.cloud iam-012",
	},
	{ID: "iam-014", Title: "Attach a policy to a role and assume it", Subject: OnRole, Gains: GainIs, Followed: true, Composed: []string{"iam-009", "sts-001"}, Reference: "pathfinding.cloud iam-014"},
	{ID: "iam-015", Title: "Attach a policy to a user and make an access key for it", Subject: OnUser, Gains: GainIs, Followed: true, Composed: []string{"iam-008", "iam-002"}, Reference: "pathfinding.cloud iam-015"},
	{ID: "iam-016", Title: "Rewrite a policy of a role and assume it", Subject: OnRole, Gains: GainIs, Followed: true, Composed: []string{"iam-001", "sts-001"}, Reference: "pathfinding.cloud iam-016"},
	{ID: "iam-017", Title: "Write an inline policy of a role and assume it", Subject: OnRole, Gains: GainIs, Followed: true, Composed: []string{"iam-005", "sts-001"}, Reference: "pathfinding.cloud iam-017"},
	{ID: "iam-018", Title: "Write an inline policy of a user and make an access key for it", Subject: OnUser, Gains: GainIs, Followed: true, Composed: []string{"iam-007", "iam-002"}, Reference: "pathfinding.cloud iam-018"},
	{ID: "iam-019", Title: "Attach a policy to a role and edit its trust policy", Subject: OnRole, Gains: GainIs, Followed: true, Composed: []string{"iam-009", "iam-012"}, Reference: "pathfinding.cloud iam-019"},
	{ID: "iam-020", Title: "Rewrite a policy of a role and edit its trust policy", Subject: OnRole, Gains: GainIs, Followed: true, Composed: []string{"iam-001", "iam-012"}, Reference: "pathfinding.cloud iam-020"},
	{ID: "iam-021", Title: "Write an inline policy of a role and edit its trust policy", Subject: OnRole, Gains: GainIs, Followed: true, Composed: []string{"iam-005", "iam-012"}, Reference: "pathfinding.cloud iam-021"},

	{
		ID: "iam-001", Title: "Write a new version of an attached policy", Subject: OnPolicy, Gains: GainAdd, Followed: true,
		Needs:     allOf(may("iam:CreatePolicyVersion", "{policy}")),
		Says:      "{principal} rewrites policy {policy}, which {target} has, so that it allows anything",
		Mend:      "remove iam:CreatePolicyVersion on {policy} from {principal}",
		Reference: "pathfinding.cloud iam-001",
	},
	{
		ID: "iam-005", Title: "Write an inline policy of a role", Subject: OnRole, Gains: GainAdd, Followed: true, Through: true,
		Needs:     allOf(may("iam:PutRolePolicy", "{role}", bounded)),
		Says:      "{principal} writes an inline policy of {role} that allows anything",
		Mend:      "remove iam:PutRolePolicy on {role} from {principal}",
		Reference: "pathfinding.cloud iam-005",
	},
	{
		ID: "iam-007", Title: "Write an inline policy of a user", Subject: OnUser, Gains: GainAdd, Followed: true, Through: true,
		Needs:     allOf(may("iam:PutUserPolicy", "{user}", bounded)),
		Says:      "{principal} writes an inline policy of {user} that allows anything",
		Mend:      "remove iam:PutUserPolicy on {user} from {principal}",
		Reference: "pathfinding.cloud iam-007",
	},
	{
		ID: "iam-008", Title: "Attach a policy to a user", Subject: OnUser, Gains: GainAdd, Followed: true, Through: true,
		Needs:     allOf(may("iam:AttachUserPolicy", "{user}", bounded)),
		Says:      "{principal} attaches a policy that allows anything to {user}",
		Mend:      "remove iam:AttachUserPolicy on {user} from {principal}",
		Reference: "pathfinding.cloud iam-008",
	},
	{
		ID: "iam-009", Title: "Attach a policy to a role", Subject: OnRole, Gains: GainAdd, Followed: true, Through: true,
		Needs:     allOf(may("iam:AttachRolePolicy", "{role}", bounded)),
		Says:      "{principal} attaches a policy that allows anything to {role}",
		Mend:      "remove iam:AttachRolePolicy on {role} from {principal}",
		Reference: "pathfinding.cloud iam-009",
	},
	{
		ID: "iam-010", Title: "Attach a policy to a group of a user", Subject: OnMember, Gains: GainAdd, Followed: true, Through: true,
		Needs:     allOf(may("iam:AttachGroupPolicy", "{group}")),
		Says:      "{principal} attaches a policy that allows anything to group {group}, which {user} is in",
		Mend:      "remove iam:AttachGroupPolicy on {group} from {principal}",
		Reference: "pathfinding.cloud iam-010",
	},
	{
		ID: "iam-011", Title: "Write an inline policy of a group of a user", Subject: OnMember, Gains: GainAdd, Followed: true, Through: true,
		Needs:     allOf(may("iam:PutGroupPolicy", "{group}")),
		Says:      "{principal} writes an inline policy of group {group}, which {user} is in, that allows anything",
		Mend:      "remove iam:PutGroupPolicy on {group} from {principal}",
		Reference: "pathfinding.cloud iam-011",
	},
	{
		ID: "iam-013", Title: "Put a user into a group", Subject: OnGroup, Gains: GainJoin, Followed: true, Through: true,
		Needs:     allOf(may("iam:AddUserToGroup", "{group}")),
		Says:      "{principal} puts {user} into group {group}",
		Mend:      "remove iam:AddUserToGroup on {group} from {principal}",
		Reference: "pathfinding.cloud iam-013",
	},
}

// bounded is the key by which delegated administration is made safe: the
// boundary that the principal being edited has. A condition on iam:PolicyARN is
// left to the caller, who chooses the policy; see the table of keys.
var bounded = Key{"iam:PermissionsBoundary", "{boundary}"}
