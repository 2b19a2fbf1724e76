// Reads one expression a line and says what Kubernetes makes of it as the validation of a
// ValidatingAdmissionPolicy: `invalid`, `true`, `false` or `error`, a tab, and the expression.
// The first argument is a file with the request: object, user, parameters, and what its
// authorizer allows.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kubernetesjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type request struct {
	Object  object    `json:"object"`
	Params  object    `json:"params"`
	User    string    `json:"user"`
	Groups  []string  `json:"groups"`
	Allowed []allowed `json:"allowed"`
}

// JSON as the API server reads it: whole numbers stay whole.
type object map[string]any

func (o *object) UnmarshalJSON(text []byte) error {
	members := map[string]any{}
	err := kubernetesjson.Unmarshal(text, &members)
	*o = members
	return err
}

// What someone may do; every field is compared as it stands.
type allowed struct {
	User        string `json:"user"`
	Verb        string `json:"verb"`
	Group       string `json:"group"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	Path        string `json:"path"`
}

func (r *request) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	asked := allowed{User: a.GetUser().GetName(), Verb: a.GetVerb(), Path: a.GetPath()}
	if a.IsResourceRequest() {
		asked.Group, asked.Resource, asked.Subresource = a.GetAPIGroup(), a.GetResource(), a.GetSubresource()
		asked.Namespace, asked.Name = a.GetNamespace(), a.GetName()
	}
	for _, one := range r.Allowed {
		if one == asked {
			return authorizer.DecisionAllow, "allowed", nil
		}
	}
	return authorizer.DecisionNoOpinion, "", nil
}

type validation string

func (v validation) GetExpression() string    { return string(v) }
func (validation) ReturnTypes() []*celgo.Type { return []*celgo.Type{celgo.BoolType} }

var (
	kind     = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}
	resource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var given request
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	compiler := cel.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		word, err := answer(compiler, &given, lines.Text())
		if err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		fmt.Fprintf(out, "%s\t%s\n", word, lines.Text())
	}
	return lines.Err()
}

func answer(compiler cel.ConditionCompiler, given *request, expression string) (string, error) {
	options := cel.OptionalVariableDeclarations{HasParams: true, HasAuthorizer: true}
	condition := compiler.CompileCondition([]cel.ExpressionAccessor{validation(expression)}, options, environment.NewExpressions)
	if len(condition.CompilationErrors()) > 0 {
		return "invalid", nil
	}
	object := &unstructured.Unstructured{Object: given.Object}
	attributes := admission.NewAttributesRecord(object, nil, kind, "", object.GetName(), resource, "",
		admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{Name: given.User, Groups: given.Groups})
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: kind, VersionedObject: object}
	asked := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind))
	inputs := cel.OptionalVariableBindings{
		VersionedParams: &unstructured.Unstructured{Object: given.Params},
		Authorizer:      given,
	}
	results, _, err := condition.ForInput(context.Background(), versioned, asked, inputs, nil, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return "", err
	}
	switch result := results[0]; {
	case result.Error != nil:
		if os.Getenv("ORACLE_ERRORS") != "" {
			fmt.Fprintln(os.Stderr, expression, result.Error)
		}
		return "error", nil
	case result.EvalResult == types.True:
		return "true", nil
	default:
		return "false", nil
	}
}
