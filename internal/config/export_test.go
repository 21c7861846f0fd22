package config

import "github.com/slo-cli/slo/pkg/policy"

// ParsePolicy reads the content of a policy file that stands alone.
func ParsePolicy(path string, data []byte) (policy.Policy, error) {
	f, err := parsePolicyFile(path, data)
	if err != nil {
		return policy.Policy{}, err
	}
	return f.policy(Sources{})
}
