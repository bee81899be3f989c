import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Performs the calls of the audit with java.net.http, as a session: lines of JSON come and go (go doc
 * ./harness/audit/agent). Each call has a thread.
 */
public class Perform {
    private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\":\"([^\"]*)\""); // no value has an escape

    public static void main(String[] args) throws IOException {
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        BufferedReader calls = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = calls.readLine()) != null;) {
            Map<String, String> call = new HashMap<>();
            for (Matcher m = MEMBER.matcher(line); m.find();) {
                call.put(m.group(1), m.group(2));
            }
            Thread thread = new Thread(() -> System.out.println(answer(client, call)));
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static String answer(HttpClient client, Map<String, String> call) {
        try {
            return "{\"id\":" + quoted(call.get("id")) + "," + perform(client, call) + "}";
        } catch (InterruptedException e) {
            throw new AssertionError(e); // nobody interrupts
        }
    }

    private static String perform(HttpClient client, Map<String, String> call) throws InterruptedException {
        if (call.get("shape").equals("pipelined")) {
            return "\"ok\":false,\"unimplemented\":true";
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(call.get("url")));
        boolean read = call.get("operation").equals("read");
        String body = "operation " + call.get("id");
        request.method(call.get("method"), read ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (call.get("operation").equals("idempotent")) {
            request.header("Idempotency-Key", call.get("id"));
        }
        try {
            HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
            if (response.statusCode() == 406) { // it does not ask for compression
                return "\"ok\":false,\"unimplemented\":true";
            }
            if (response.statusCode() / 100 != 2) {
                return "\"ok\":false,\"error\":\"status " + response.statusCode() + "\"";
            }
            return "\"ok\":true,\"body\":" + quoted(response.body());
        } catch (IOException e) {
            return "\"ok\":false,\"error\":" + quoted(chain(e)) + ",\"ending\":" + quoted(ending(e));
        }
    }

    /** How the connection ended, by the innermost exception that tells. Java tells a reset by its text alone. */
    private static String ending(Throwable e) {
        String told = "other";
        for (; e != null; e = e.getCause()) {
            if (e instanceof ConnectException) {
                return "refused";
            } else if (e instanceof HttpTimeoutException) {
                return "gave-up";
            } else if (e instanceof EOFException) {
                told = "finished";
            } else if (e.getMessage() != null && e.getMessage().startsWith("Connection reset")) {
                told = "reset"; // "by peer", if it is a write that says so
            } else if ("Broken pipe".equals(e.getMessage())) {
                told = "broken-pipe";
            }
        }
        return told;
    }

    private static String chain(Throwable e) {
        return e.getCause() == null ? e.toString() : e + ": " + chain(e.getCause());
    }

    private static String quoted(String text) {
        StringBuilder s = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            s.append(c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return s.append('"').toString();
    }
}
