//go:build tools

// Package tools pins the program that tests call.
package tools

import _ "github.com/sigstore/cosign/v3/cmd/cosign"
