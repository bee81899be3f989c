use strict;
use warnings;
use Socket;

$SIG{PIPE} = 'IGNORE';
$| = 1;
my $s;
while (my $line = <STDIN>) {
	my ($call, $what) = split ' ', $line;
	my $says;
	if ($call eq 'connect') {
		socket($s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
		connect($s, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die "connect: $!";
		defined syswrite($s, $what) or die "write: $!";
		$says = 'ready';
	} elsif ($call eq 'read') {
		my $n = sysread($s, my $byte, 1);
		$says = !defined $n ? "$!" : $n ? 'byte' : 'end';
	} elsif ($call eq 'write') {
		$says = defined syswrite($s, 'x') ? 'ok' : "$!";
	} else {
		close $s;
		$says = 'closed';
	}
	print "$says\n";
}
