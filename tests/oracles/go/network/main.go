// Answers connection questions by cyclonus' evaluator: worlds come in as JSON on standard input, a
// list of booleans for each goes out. Nothing of an answer is decided here but what the API server
// fills in before any evaluator sees a policy.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// World is some policies and the questions about them.
type World struct {
	Policies  []*networkingv1.NetworkPolicy `json:"policies"`
	Ends      []End                         `json:"ends"`
	Questions []Question                    `json:"questions"`
}

// End is a pod, or an address outside when it has no namespace.
type End struct {
	Namespace       string            `json:"namespace"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	Labels          map[string]string `json:"labels"`
	IP              string            `json:"ip"`
}

// Question is a connection between two ends by their places. PortName is what the destination calls
// the port.
type Question struct {
	From     int    `json:"from"`
	To       int    `json:"to"`
	Port     int    `json:"port"`
	PortName string `json:"portName"`
	Protocol string `json:"protocol"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	var worlds []World
	if err := json.NewDecoder(os.Stdin).Decode(&worlds); err != nil {
		return fmt.Errorf("read worlds: %w", err)
	}
	answers := make([][]bool, 0, len(worlds))
	for _, world := range worlds {
		answers = append(answers, world.answers())
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func (world World) answers() []bool {
	for _, policy := range world.Policies {
		fillIn(policy)
	}
	policy := matcher.BuildNetworkPolicies(false, world.Policies)
	allowed := make([]bool, 0, len(world.Questions))
	for _, question := range world.Questions {
		traffic := &matcher.Traffic{
			Source:           world.Ends[question.From].peer(),
			Destination:      world.Ends[question.To].peer(),
			ResolvedPort:     question.Port,
			ResolvedPortName: question.PortName,
			Protocol:         corev1.Protocol(question.Protocol),
		}
		allowed = append(allowed, policy.IsTrafficAllowed(traffic).IsAllowed())
	}
	return allowed
}

// fillIn does what the API server does on creation: policyTypes are Ingress, and Egress where there
// are egress rules.
func fillIn(policy *networkingv1.NetworkPolicy) {
	if len(policy.Spec.PolicyTypes) > 0 {
		return
	}
	policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if len(policy.Spec.Egress) > 0 {
		policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	}
}

func (end End) peer() *matcher.TrafficPeer {
	peer := &matcher.TrafficPeer{IP: end.IP}
	if end.Namespace != "" {
		peer.Internal = &matcher.InternalPeer{
			Namespace:       end.Namespace,
			NamespaceLabels: end.NamespaceLabels,
			PodLabels:       end.Labels,
		}
	}
	return peer
}
