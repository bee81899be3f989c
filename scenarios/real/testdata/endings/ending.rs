use std::io::{BufRead, Read, Write};
use std::net::TcpStream;

fn main() {
    let server = std::env::args().skip(1).collect::<Vec<_>>().join(":");
    let mut stream: Option<TcpStream> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (call, what) = line.split_once(' ').unwrap_or((&line, ""));
        let mut byte = [0];
        let says = match call {
            "connect" => TcpStream::connect(&server).and_then(|mut s| {
                s.write_all(what.as_bytes())?;
                stream = Some(s);
                Ok("ready")
            }),
            "read" => stream.as_mut().unwrap().read(&mut byte).map(|n| if n == 0 { "end" } else { "byte" }),
            "write" => stream.as_mut().unwrap().write(b"x").map(|_| "ok"),
            _ => {
                stream = None;
                Ok("closed")
            }
        };
        match says {
            Ok(text) => println!("{text}"),
            Err(e) => println!("{e}"),
        }
    }
}
