import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;

/**
 * An echo server of one thread and one selector. It says in a line on standard
 * output whatever a channel did. Its arguments are the address, the port, and what
 * becomes of an exception: "handled" closes the channel and goes on, "unhandled"
 * lets it out of main.
 */
public class SelectorServer {
    private final boolean handles;
    private final ByteBuffer buffer = ByteBuffer.allocate(4096);
    private int accepted;

    private SelectorServer(boolean handles) {
        this.handles = handles;
    }

    public static void main(String[] args) throws IOException {
        Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(args[0], Integer.parseInt(args[1])));
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        SelectorServer server = new SelectorServer(args[2].equals("handled"));
        System.out.println("listening");
        while (true) {
            selector.select();
            Iterator<SelectionKey> ready = selector.selectedKeys().iterator();
            while (ready.hasNext()) {
                SelectionKey key = ready.next();
                ready.remove();
                if (key.isAcceptable()) {
                    server.accept(listener, selector);
                } else {
                    server.serve(key);
                }
            }
        }
    }

    private void accept(ServerSocketChannel listener, Selector selector) throws IOException {
        SocketChannel channel = listener.accept();
        if (channel == null) {
            return;
        }
        channel.configureBlocking(false);
        accepted++;
        say("accept", accepted);
        channel.register(selector, SelectionKey.OP_READ, accepted);
    }

    private void serve(SelectionKey key) throws IOException {
        SocketChannel channel = (SocketChannel) key.channel();
        Object number = key.attachment();
        try {
            buffer.clear();
            int read = channel.read(buffer);
            say("read", number, read);
            if (read < 0) {
                channel.close();
                return;
            }
            buffer.flip();
            channel.write(buffer);
        } catch (IOException first) {
            if (!handles) {
                throw first;
            }
            say("read", number, first);
            for (StackTraceElement frame : first.getStackTrace()) {
                System.out.println("\tat " + frame);
            }
            try {
                say("read", number, channel.read(buffer));
            } catch (IOException second) {
                say("read", number, second);
            }
            channel.close();
        }
    }

    private static void say(String call, Object... values) {
        StringBuilder line = new StringBuilder(call);
        for (Object value : values) {
            line.append(' ').append(value);
        }
        System.out.println(line);
    }
}
