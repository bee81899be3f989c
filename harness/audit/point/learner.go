package point

// A Turn is what the client sends, and then what the server sends until the client
// sends again. What a server sends first, unasked, is one to which nothing came.
type Turn struct{ ToServer, ToClient int64 }

// A Learner is a [Protocol] that knows more places once it is told what calls of an
// operation are like: the turns on their one connection, the same each time.
type Learner interface {
	Protocol
	// Learn returns a protocol that knows it, too.
	Learn(o Operation, call []Turn) Protocol
}
