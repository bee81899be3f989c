package recipes

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/program"
)

// NGINX is a web server in one process, in the foreground, with its log on
// standard error at the level info. Its configuration is what stands in the block
// http, which may name its private directory and must listen at its address. See
// nginx(8) and nginx.org/en/docs.
func NGINX(http func(at program.Place) string) program.Recipe {
	return program.Recipe{
		Name: "nginx", Package: "nginx-light", Path: "nginx", Version: []string{"-v"},
		AnyUser: true, Listens: true, Says: "getrlimit(RLIMIT_NOFILE)", // its last word before it serves
		Command: func(at program.Place) (program.Command, error) {
			temporary := ""
			for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				temporary += fmt.Sprintf("\t%s_temp_path %s/%s;\n", what, at.Dir, what)
			}
			path, err := at.Write("nginx.conf", fmt.Sprintf("daemon off;\nmaster_process off;\npid %s/pid;\n"+
				"error_log stderr info;\nevents {\n\tworker_connections 32;\n}\nhttp {\n\taccess_log off;\n%s%s\n}\n",
				at.Dir, temporary, http(at)), 0o644)
			return program.Command{Args: []string{"-e", "stderr", "-p", at.Dir, "-c", path}}, err
		},
	}
}
