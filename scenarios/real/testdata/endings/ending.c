#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
	char call[16], what[16], byte;
	int s = -1;
	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IONBF, 0);
	while (scanf("%15s", call) == 1) {
		if (strcmp(call, "connect") == 0) {
			struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
			if (scanf("%15s", what) != 1)
				return 1;
			inet_pton(AF_INET, argv[1], &at.sin_addr);
			s = socket(AF_INET, SOCK_STREAM, 0);
			if (connect(s, (struct sockaddr *)&at, sizeof at) || write(s, what, strlen(what)) < 0)
				return 1;
			puts("ready");
		} else if (strcmp(call, "read") == 0) {
			ssize_t n = read(s, &byte, 1);
			puts(n < 0 ? strerror(errno) : n ? "byte" : "end");
		} else if (strcmp(call, "write") == 0) {
			puts(write(s, "x", 1) < 0 ? strerror(errno) : "ok");
		} else {
			close(s);
			puts("closed");
		}
	}
	return 0;
}
