package sockdiag

// MessagesIn reads a part of a dump.
var MessagesIn = messagesIn
