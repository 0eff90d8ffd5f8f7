#!/bin/sh
# Makes what sidecar.yaml and webhook.kubeconfig name: an authority for these two alone, a certificate for the sidecar on 127.0.0.1, and one for the API server. The key of the authority is not kept.
set -eu
cd "$(dirname "$0")"
umask 077
trap 'rm -f ca.key ca.srl request.pem extensions' EXIT
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

key ca.key
openssl req -x509 -key ca.key -subj /CN=touchstone-webhook -days 365 -addext keyUsage=critical,keyCertSign -out ca.crt
issue() { # NAME EXTENSIONS
    key "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out request.pem
    printf '%s\n' "$2" >extensions
    openssl x509 -req -in request.pem -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 -extfile extensions -out "$1.crt" 2>/dev/null
}
issue sidecar 'extendedKeyUsage=serverAuth
subjectAltName=IP:127.0.0.1'
issue apiserver extendedKeyUsage=clientAuth
