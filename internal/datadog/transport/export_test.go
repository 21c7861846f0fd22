package transport

import "net/http"

// BaseForTest is the base transport, for a test that must give it a proxy: the
// environment, where proxies come from, is read once for a whole process.
func BaseForTest() *http.Transport { return newBase(DefaultConcurrency) }
