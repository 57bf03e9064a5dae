// TLS as the data plane speaks it: 1.3, AES-256-GCM, both sides with a raw key; no CA, no names (no SNI), no session
// tickets, no resumption, no early data. A peer is who its SPKI digest says.
#pragma once

#include <memory>
#include <string>

#include "lib/net/tls_key.h"

struct ssl_ctx_st;

namespace crossdock::net {

enum class TlsRole { kClient, kServer };

enum class TlsUse {
  // Ends by close_notify and is followed by other bytes: reads never run ahead of the record.
  kThenClear,
  // Carries bulk content to its end: reads ahead, large buffers.
  kBulk,
};

// Immutable and cheap to copy; any thread, any number of connections.
class TlsContext {
 public:
  TlsContext(const TlsKey& key, TlsRole role, TlsUse use);
  TlsRole role() const { return role_; }
  ssl_ctx_st* get() const { return context_.get(); }

 private:
  TlsRole role_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace crossdock::net
