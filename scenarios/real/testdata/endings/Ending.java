import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;

class Ending {
	public static void main(String[] args) throws IOException {
		BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
		Socket s = null;
		for (String line; (line = input.readLine()) != null;) {
			String[] words = line.split(" ");
			String says = "ok";
			try {
				switch (words[0]) {
				case "connect":
					s = new Socket(args[0], Integer.parseInt(args[1]));
					s.getOutputStream().write(words[1].getBytes());
					says = "ready";
					break;
				case "read":
					says = s.getInputStream().read() < 0 ? "end" : "byte";
					break;
				case "write":
					s.getOutputStream().write('x');
					break;
				default:
					s.close();
					says = "closed";
				}
			} catch (IOException e) {
				says = e.toString();
			}
			System.out.println(says);
		}
	}
}
