// Answers connection questions by the evaluator of kube-network-policies, which decides packets by
// AdminNetworkPolicies, NetworkPolicies and BaselineAdminNetworkPolicies: worlds come in as JSON on
// standard input, a list of booleans for each goes out. Nothing of an answer is decided here but what
// the API server fills in before any evaluator sees a policy.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	_ "unsafe" // For go:linkname: the evaluator is not exported.

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	policyv1alpha1 "sigs.k8s.io/network-policy-api/apis/v1alpha1"
	policyfake "sigs.k8s.io/network-policy-api/pkg/client/clientset/versioned/fake"
	policyinformers "sigs.k8s.io/network-policy-api/pkg/client/informers/externalversions"
)

// World is some policies and the questions about them.
type World struct {
	Policies   []*networkingv1.NetworkPolicy                `json:"policies"`
	Admin      []*policyv1alpha1.AdminNetworkPolicy         `json:"admin"`
	Baseline   []*policyv1alpha1.BaselineAdminNetworkPolicy `json:"baseline"`
	Namespaces map[string]map[string]string                 `json:"namespaces"`
	Ends       []End                                        `json:"ends"`
	Questions  []Question                                   `json:"questions"`
}

// End is a pod, or an address outside when it has no namespace.
type End struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	IP        string            `json:"ip"`
}

// Question is a connection between two ends by their places.
type Question struct {
	From     int    `json:"from"`
	To       int    `json:"to"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
}

// packet is the evaluator's own, field by field.
type packet struct {
	id      uint32
	family  corev1.IPFamily
	srcIP   net.IP
	dstIP   net.IP
	proto   corev1.Protocol
	srcPort int
	dstPort int
	payload []byte
}

//go:linkname evaluatePacket sigs.k8s.io/kube-network-policies/pkg/networkpolicy.(*Controller).evaluatePacket
func evaluatePacket(c *networkpolicy.Controller, ctx context.Context, p packet) bool

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
		allowed, err := world.answers()
		if err != nil {
			return err
		}
		answers = append(answers, allowed)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func (world World) answers() ([]bool, error) {
	for _, policy := range world.Policies {
		fillIn(&policy.Spec)
	}
	controller, err := world.controller()
	if err != nil {
		return nil, err
	}
	allowed := make([]bool, 0, len(world.Questions))
	for _, question := range world.Questions {
		allowed = append(allowed, evaluatePacket(controller, context.Background(), packet{
			srcIP:   net.ParseIP(world.Ends[question.From].IP),
			dstIP:   net.ParseIP(world.Ends[question.To].IP),
			proto:   corev1.Protocol(question.Protocol),
			srcPort: 40000,
			dstPort: question.Port,
		}))
	}
	return allowed, nil
}

// fillIn does what the API server does on creation: policyTypes are Ingress, and Egress where there
// are egress rules; a port without a protocol is TCP's; and an empty list of rules, which is not sent
// to anybody, arrives as none.
func fillIn(spec *networkingv1.NetworkPolicySpec) {
	if len(spec.PolicyTypes) == 0 {
		spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(spec.Egress) > 0 {
			spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	if len(spec.Ingress) == 0 {
		spec.Ingress = nil
	}
	if len(spec.Egress) == 0 {
		spec.Egress = nil
	}
	for _, rule := range spec.Ingress {
		fillInPorts(rule.Ports)
	}
	for _, rule := range spec.Egress {
		fillInPorts(rule.Ports)
	}
}

func fillInPorts(ports []networkingv1.NetworkPolicyPort) {
	for place := range ports {
		if ports[place].Protocol == nil {
			tcp := corev1.ProtocolTCP
			ports[place].Protocol = &tcp
		}
	}
}

// controller is one that has read the world; it never runs.
func (world World) controller() (*networkpolicy.Controller, error) {
	client := fake.NewSimpleClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	policyClient := policyfake.NewSimpleClientset()
	policyFactory := policyinformers.NewSharedInformerFactory(policyClient, 0)
	core, policies := factory.Core().V1(), policyFactory.Policy().V1alpha1()
	controller, err := networkpolicy.NewController(
		client,
		factory.Networking().V1().NetworkPolicies(),
		core.Namespaces(),
		core.Pods(),
		core.Nodes(),
		policyClient,
		policies.AdminNetworkPolicies(),
		policies.BaselineAdminNetworkPolicies(),
		networkpolicy.Config{
			AdminNetworkPolicy:         true,
			BaselineAdminNetworkPolicy: true,
			NodeName:                   "none",
		},
	)
	if err != nil {
		return nil, err
	}
	err = errors(
		add(factory.Networking().V1().NetworkPolicies().Informer().GetStore(), world.Policies),
		add(policies.AdminNetworkPolicies().Informer().GetStore(), world.Admin),
		add(policies.BaselineAdminNetworkPolicies().Informer().GetStore(), world.Baseline),
		add(core.Namespaces().Informer().GetStore(), world.namespaces()),
		add(core.Pods().Informer().GetStore(), world.pods()),
	)
	return controller, err
}

func errors(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func add[T any](store cache.Store, objects []T) error {
	for _, object := range objects {
		if err := store.Add(object); err != nil {
			return err
		}
	}
	return nil
}

func (world World) namespaces() []*corev1.Namespace {
	var all []*corev1.Namespace
	for name, labels := range world.Namespaces {
		all = append(all, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	}
	return all
}

func (world World) pods() []*corev1.Pod {
	var all []*corev1.Pod
	for _, end := range world.Ends {
		if end.Namespace == "" {
			continue
		}
		all = append(all, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: end.Name, Namespace: end.Namespace, Labels: end.Labels},
			Status: corev1.PodStatus{
				Phase:  corev1.PodRunning,
				PodIPs: []corev1.PodIP{{IP: end.IP}},
			},
		})
	}
	return all
}
