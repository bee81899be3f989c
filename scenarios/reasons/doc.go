// Package reasons draws up which of the kernel's reasons for a RST (enum
// sk_rst_reason) the scenarios have provoked. It computes that from what the
// recordings of one run show; [Table] names also those that are left out or
// out of reach, and why.
package reasons
