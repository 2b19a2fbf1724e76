//go:build tools

// Package tools names etcd, so that go.sum pins it. It has a module of its own because it is built
// with older Kubernetes modules than the API server.
package tools

import _ "go.etcd.io/etcd/server/v3"
