package real

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
)

// startNGINX starts nginx at the host "server", with these directives for its
// only server.
func startNGINX(ctx SpecContext, l *lab.Lab, directives ...string) *lab.Program {
	GinkgoHelper()
	return trace(ctx, l.Host("server"), nginx(directives...))
}

func nginx(directives ...string) program.Recipe {
	return recipes.NGINX(func(at program.Place) string {
		return fmt.Sprintf("\tserver {\n\t\tlisten %v;\n\t\t%s\n\t}", at.Address, strings.Join(directives, "\n\t\t"))
	})
}
