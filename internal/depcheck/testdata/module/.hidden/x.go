package x

import _ "net/http"
