require 'socket'

$stdout.sync = true
s = nil
while (line = $stdin.gets)
  call, what = line.split
  begin
    says = case call
           when 'connect'
             s = TCPSocket.new(ARGV[0], ARGV[1].to_i)
             s.write(what)
             'ready'
           when 'read' then s.readpartial(1) && 'byte'
           when 'write' then s.write('x') && 'ok'
           else
             s.close
             'closed'
           end
  rescue EOFError => e
    says = "end (#{e.class}: #{e.message})"
  rescue SystemCallError => e
    says = "#{e.class}: #{e.message}"
  end
  puts says
end
