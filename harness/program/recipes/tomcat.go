package recipes

import (
	"slices"

	"github.com/resetlab/resetlab/harness/program"
)

// TomcatLibrary is where Debian has Tomcat as a library of classes, with what
// they need of the Servlet API: what uses it is compiled with it.
const TomcatLibrary = "/usr/share/java/tomcat10-embed-core.jar"

// Tomcat runs a class that has Tomcat in itself, as [Java] does. See
// tomcat.apache.org, the API of org.apache.catalina.startup.Tomcat.
func Tomcat(directory, class string, arguments func(at program.Place) []string) program.Recipe {
	r := Java(directory, class, arguments)
	r.Name, r.Package, r.Library = "tomcat", "libtomcat10-embed-java", TomcatLibrary
	r.Version = []string{"-XX:-UsePerfData", "-cp", TomcatLibrary, "org.apache.catalina.util.ServerInfo"}
	command := r.Command
	r.Command = func(at program.Place) (program.Command, error) {
		c, err := command(at)
		if classpath := slices.Index(c.Args, "-cp") + 1; classpath > 0 {
			c.Args[classpath] += ":" + TomcatLibrary
		}
		return c, err
	}
	return r
}
