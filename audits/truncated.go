package audits

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/go-resty/resty/v2"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/valyala/fasthttp"
	restyv3 "resty.dev/v3"
)

// Two clients return part of a body and say success. In both cases HTTP says
// that the body is not complete (RFC 9112, section 8).
//
// resty v3 drops the io.ErrUnexpectedEOF by which net/http says so
// (Response.readAll): no Content-Length and no chunk is missed any more.
//
// fasthttp, if the body is streamed, takes a FIN where a chunk should begin for
// the end: requestStream.Read passes the io.EOF of parseChunkSize on, and io.EOF
// is what a Reader says at the end.
var _ = Describe("A body that a FIN ends too early", func() {
	const (
		length = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
		chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
	)
	DescribeTable("is part of the data",
		func(ctx SpecContext, reply string, client func(context.Context, string) (string, error), succeeds bool) {
			body, err := client(ctx, startShort(reply))

			Expect(err == nil).To(Equal(succeeds), "%v", err)
			if succeeds {
				Expect(body).To(Equal("hello"))
			}
		},
		Entry("and success to resty v3", length, getByResty, true),
		Entry("and success to resty v3, in chunks", chunks, getByResty, true),
		Entry("and an error to resty v2", length, getByRestyV2, false),
		Entry("and success to fasthttp streaming chunks", chunks, getByFasthttp(true), true),
		Entry("and an error to fasthttp streaming a Content-Length", length, getByFasthttp(true), false),
		Entry("and an error to fasthttp buffering", chunks, getByFasthttp(false), false),
	)
})

// startShort starts a server that writes a reply, and then a FIN.
func startShort(reply string) (url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Write([]byte(reply))
		conn.(*net.TCPConn).CloseWrite()
	}))
	DeferCleanup(server.Close)
	return server.URL
}

func getByResty(ctx context.Context, url string) (string, error) {
	client := restyv3.New().SetLogger(silent{})
	defer client.Close()
	response, err := client.R().SetContext(ctx).Get(url)
	if err != nil {
		return "", err
	}
	return response.String(), nil
}

func getByRestyV2(ctx context.Context, url string) (string, error) {
	response, err := resty.New().SetLogger(silent{}).R().SetContext(ctx).Get(url)
	if err != nil {
		return "", err
	}
	return response.String(), nil
}

func getByFasthttp(stream bool) func(context.Context, string) (string, error) {
	return func(_ context.Context, url string) (string, error) {
		client := &fasthttp.Client{StreamResponseBody: stream}
		response := &fasthttp.Response{}
		request := &fasthttp.Request{}
		request.SetRequestURI(url)
		if err := client.Do(request, response); err != nil {
			return "", err
		}
		body, err := readAll(response)
		return string(body), err
	}
}
