import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;

/**
 * A Tomcat with one servlet, which does at /NAME?STEP,STEP what the steps say: a
 * number of bytes to write, "flush", or "wait" until somebody asks for /go. It says
 * of each what came of it, and goes on, unless the name is "throws".
 */
class TomcatServer {
	static final Semaphore go = new Semaphore(0);
	static Logger kept;

	static class Page extends HttpServlet {
		@Override
		protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
			OutputStream out = response.getOutputStream();
			String name = request.getRequestURI();
			if (name.equals("/go")) {
				go.release();
				out.write("gone\n".getBytes());
				return;
			}
			for (String step : request.getQueryString().split(",")) {
				try {
					switch (step) {
					case "wait":
						System.out.println(name + " waits");
						go.acquireUninterruptibly();
						break;
					case "flush":
						out.flush();
						break;
					default:
						out.write(new byte[Integer.parseInt(step)]);
					}
					System.out.println(name + " " + step + ": ok");
				} catch (IOException e) {
					System.out.println(name + " " + step + ": " + e);
					if (name.equals("/throws"))
						throw e;
				}
			}
			System.out.println(name + " returns");
		}
	}

	public static void main(String[] args) throws Exception {
		if (args[2].equals("fine")) { // a logger that nobody refers to may be forgotten, with its level
			kept = Logger.getLogger("org.apache.catalina.core.ContainerBase");
			kept.setLevel(Level.FINE);
			for (Handler handler : Logger.getLogger("").getHandlers())
				handler.setLevel(Level.FINE);
		}
		Tomcat tomcat = new Tomcat();
		tomcat.setBaseDir(System.getProperty("user.dir"));
		Connector connector = new Connector();
		connector.setProperty("address", args[0]);
		connector.setPort(Integer.parseInt(args[1]));
		tomcat.setConnector(connector);
		// Tomcat.addContext looks for annotations, which Debian keeps in another package.
		StandardContext context = new StandardContext();
		context.setPath("");
		context.setIgnoreAnnotations(true);
		context.addLifecycleListener(event -> {
			if (event.getType().equals(Lifecycle.CONFIGURE_START_EVENT))
				context.setConfigured(true);
		});
		tomcat.getHost().addChild(context);
		Tomcat.addServlet(context, "page", new Page());
		context.addServletMappingDecoded("/*", "page");
		tomcat.start();
		tomcat.getServer().await();
	}
}
