// How a context asks a session whether it likes the peer's key. Between tls_context.cc and tls_session.cc only.
#pragma once

struct x509_store_ctx_st;

namespace crossdock::net {

// OpenSSL's verify callback: the session's expected SPKI digest decides, the certificate's words do not.
int VerifyByKey(x509_store_ctx_st* store, void*);

}  // namespace crossdock::net
