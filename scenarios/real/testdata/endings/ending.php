<?php
// PHP says what failed as a notice, beside what it returns.
error_reporting(E_ALL);
set_error_handler(function ($level, $text) use (&$notice) {
	$notice = $text;
	return true;
});
while (($line = fgets(STDIN)) !== false) {
	$words = explode(' ', trim($line));
	$notice = '';
	switch ($words[0]) {
	case 'connect':
		$s = stream_socket_client("tcp://{$argv[1]}:{$argv[2]}");
		stream_set_read_buffer($s, 0);
		fwrite($s, $words[1]);
		$says = 'ready';
		break;
	case 'read':
		$byte = fread($s, 1);
		$says = $notice !== '' ? $notice : ($byte === '' || $byte === false ? 'end' : 'byte');
		break;
	case 'write':
		$n = fwrite($s, 'x');
		$says = $notice !== '' ? $notice : ($n === false ? 'false' : 'ok');
		break;
	default:
		fclose($s);
		$says = 'closed';
	}
	echo $says, "\n";
}
