# A provider that others made, at https://id.example.com, whose certificate this host trusts.
curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
openssl req -x509 $curve -subj /CN=authority -keyout authority.key -out authority.pem
openssl req -x509 $curve -CA authority.pem -CAkey authority.key -subj /CN=id.example.com \
    -addext subjectAltName=DNS:id.example.com -addext basicConstraints=critical,CA:FALSE -keyout id.key -out id.pem
cat /etc/ssl/certs/ca-certificates.crt authority.pem >trusted
mount --bind trusted /etc/ssl/certs/ca-certificates.crt
{ cat /etc/hosts; echo 10.0.0.3 id.example.com; } >hosts
mount --bind hosts /etc/hosts
"$(dirname "$(command -v oidc-provider-mock)")/python" -c '
from oidc_provider_mock import app
from werkzeug.serving import run_simple
run_simple("10.0.0.3", 443, app(require_nonce=True), ssl_context=("id.pem", "id.key"))
' 2>provider.log &
wait_for curl -fsS https://id.example.com/.well-known/openid-configuration
