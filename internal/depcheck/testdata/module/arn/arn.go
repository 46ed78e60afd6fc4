package arn

import (
	"strings"
	"net/http"
)

var _ = strings.Cut
var _ http.Handler
