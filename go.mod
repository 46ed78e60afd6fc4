module github.com/twokey/twokey

go 1.26
