package printed

import "github.com/gopacket/gopacket/layers"

// ports are the numbers of ports by name. The zero value is ready.
type ports struct{ numbers map[string]uint16 }

// number reads the number or the name of a port: of /etc/services of the usual
// systems where IANA has another or gives one name to several, else of IANA's
// "Service Name and Transport Protocol Port Number Registry".
func (p *ports) number(name string) (uint16, bool) {
	if n, ok := digits(name); ok {
		return uint16(n), n < 65536
	}
	if p.numbers == nil {
		p.numbers = map[string]uint16{}
		for n := range 65536 {
			if name, ok := layers.TCPPortNames(layers.TCPPort(n)); ok && p.numbers[name] == 0 {
				p.numbers[name] = uint16(n)
			}
		}
		for name, n := range map[string]uint16{
			"http": 80, "www": 80, "http-alt": 8080, "webcache": 8080, "http-proxy": 8080, "kerberos": 88, "kerberos5": 88,
			"imap": 143, "imap2": 143, "submissions": 465, "smtps": 465, "urd": 465, "socks": 1080, "mysql": 3306,
			"postgresql": 5432, "postgres": 5432, "amqp": 5672, "x11": 6000, "redis": 6379, "https-alt": 8443,
			"pcsync-https": 8443, "mongodb": 27017, "rdp": 3389, "docker": 2375, "kubernetes": 6443, "proxy": 3128,
			"squid": 3128, "squid-http": 3128, "gopher": 70, "domain": 53, "login": 513, "shell": 514, "printer": 515,
			"nntps": 563, "ftps": 990, "imaps": 993, "pop3s": 995, "openvpn": 1194, "mdns": 5353, "zabbix-agent": 10050,
			"zabbix-trapper": 10051, "commplex-main": 5000, "commplex-link": 5001, "irdmi": 8000, "cslistener": 9000,
		} {
			p.numbers[name] = n
		}
	}
	n, ok := p.numbers[name]
	return n, ok
}
