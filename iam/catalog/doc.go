// Package catalog knows AWS's actions, resource types, condition keys and
// managed policies.
package catalog
