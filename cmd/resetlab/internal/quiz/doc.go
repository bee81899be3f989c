// Package quiz makes questions of scripts: what comes of their last line?
//
// What is right the script says, which a kernel has shown, or else the model.
// The other choices are what the model says of neighbouring scripts, in which one
// call is another: so a wrong answer is one to a question that nobody asked, and
// can be told which.
package quiz
