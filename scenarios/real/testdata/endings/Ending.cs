using System;
using System.IO;
using System.Net.Sockets;
using System.Text;

class Ending {
	static void Main(string[] args) {
		NetworkStream s = null;
		for (string line; (line = Console.ReadLine()) != null;) {
			string[] words = line.Split(' ');
			string says = "ok";
			try {
				switch (words[0]) {
				case "connect":
					s = new TcpClient(args[0], int.Parse(args[1])).GetStream();
					s.Write(Encoding.ASCII.GetBytes(words[1]), 0, words[1].Length);
					says = "ready";
					break;
				case "read":
					says = s.ReadByte() < 0 ? "end" : "byte";
					break;
				case "write":
					s.WriteByte((byte) 'x');
					break;
				default:
					s.Close();
					says = "closed";
					break;
				}
			} catch (IOException e) {
				says = e.GetType() + ": " + e.Message.Split('\n')[0].Trim();
			}
			Console.WriteLine(says);
		}
	}
}
