#include "lib/net/tls_connection.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "lib/base/status.h"

namespace crossdock::net {
namespace {

using std::chrono::milliseconds;
using Connection = absl::StatusOr<std::unique_ptr<TlsConnection>>;

Deadline Soon() { return Deadline::After(milliseconds(10'000)); }
Deadline AtOnce() { return Deadline::After(milliseconds(20)); }

std::pair<base::UniqueFd, base::UniqueFd> SocketPair() {
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

const TlsKey& ClientKey() {
  static const TlsKey key = TlsKey::Generate();
  return key;
}
const TlsKey& ServerKey() {
  static const TlsKey key = TlsKey::Generate();
  return key;
}

// Both ends; what each expects of the other, and how the connection is used, are the test's.
struct Ends {
  explicit Ends(TlsUse use, const std::string& of_server = ServerKey().spki(),
                const std::string& of_client = ClientKey().spki()) {
    auto [near, far] = SocketPair();
    std::thread other([&, fd = std::move(far)]() mutable {
      server = TlsConnection::Handshake({ServerKey(), TlsRole::kServer, use}, std::move(fd), of_client, Soon());
    });
    client = TlsConnection::Handshake({ClientKey(), TlsRole::kClient, use}, std::move(near), of_server, Soon());
    other.join();
  }
  Connection client = absl::UnknownError("");
  Connection server = absl::UnknownError("");
};

std::string ReadSome(TlsConnection& connection) {
  std::string bytes(100, '\0');
  const auto got = connection.Read(bytes, Soon());
  INFO(got.status());
  REQUIRE(got.ok());
  bytes.resize(*got);
  return bytes;
}

TEST_CASE("two ends that hold the expected keys speak both ways, and each knows the other's digest") {
  const Ends ends(TlsUse::kBulk);
  REQUIRE(ends.client.ok());
  REQUIRE(ends.server.ok());
  CHECK((*ends.client)->peer_spki() == ServerKey().spki());
  CHECK((*ends.server)->peer_spki() == ClientKey().spki());
  REQUIRE((*ends.client)->Write("there", Soon()).ok());
  CHECK(ReadSome(**ends.server) == "there");
  REQUIRE((*ends.server)->Write("and back", Soon()).ok());
  CHECK(ReadSome(**ends.client) == "and back");
}

TEST_CASE("whoever holds another key than the expected one is refused") {
  SECTION("the server") {
    const Ends ends(TlsUse::kBulk, TlsKey::Generate().spki());
    CHECK(base::ReasonOf(ends.client.status()) == "TLS_PEER_KEY");
    CHECK_FALSE(ends.server.ok());
  }
  SECTION("the client, who hears of it when it reads") {
    const Ends ends(TlsUse::kBulk, ServerKey().spki(), TlsKey::Generate().spki());
    CHECK(base::ReasonOf(ends.server.status()) == "TLS_PEER_KEY");
    REQUIRE(ends.client.ok());
    char byte = 0;
    CHECK_FALSE((*ends.client)->Read({&byte, 1}, Soon()).ok());
  }
}

// A client of OpenSSL's own making against our server: whether the server completes.
absl::Status Knock(int version, const char* suites, bool with_key) {
  auto [near, far] = SocketPair();
  Connection server = absl::UnknownError("");
  std::thread other([&, fd = std::move(far)]() mutable {
    server = TlsConnection::Handshake({ServerKey(), TlsRole::kServer, TlsUse::kBulk}, std::move(fd), "", Soon());
  });
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  SSL_CTX_set_ciphersuites(context.get(), suites);
  if (with_key) {
    SSL_CTX_use_certificate(context.get(), ClientKey().certificate());
    SSL_CTX_use_PrivateKey(context.get(), ClientKey().key());
  }
  ::fcntl(near.get(), F_SETFL, 0);
  {
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), near.get());
    SSL_connect(ssl.get());
  }
  ::shutdown(near.get(), SHUT_WR);
  other.join();
  return server.status();
}

TEST_CASE("nothing is spoken but TLS 1.3 with AES-256-GCM, and with nobody who has no key") {
  CHECK(Knock(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", true).ok());
  CHECK_FALSE(Knock(TLS1_2_VERSION, "TLS_AES_256_GCM_SHA384", true).ok());
  CHECK_FALSE(Knock(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", true).ok());
  CHECK_FALSE(Knock(TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", true).ok());
  CHECK_FALSE(Knock(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", false).ok());
}

TEST_CASE("TLS that ends hands its socket over at exactly the next byte") {
  const Ends ends(TlsUse::kThenClear);
  REQUIRE(ends.client.ok());
  REQUIRE(ends.server.ok());
  TlsConnection& client = **ends.client;
  TlsConnection& server = **ends.server;
  REQUIRE(client.CloseWrite(Soon()).ok());
  REQUIRE(server.Write("joined", Soon()).ok());
  REQUIRE(server.CloseWrite(Soon()).ok());
  const auto server_clear = server.ToClear(Soon());
  REQUIRE(server_clear.ok());
  // Before the client has read a byte of the TLS in front of it.
  REQUIRE(::send(server_clear->get(), "clear", 5, 0) == 5);
  CHECK(ReadSome(client) == "joined");
  const auto client_clear = client.ToClear(Soon());
  REQUIRE(client_clear.ok());
  char bytes[100];
  REQUIRE(::recv(client_clear->get(), bytes, sizeof bytes, 0) == 5);
  CHECK(std::string(bytes, 5) == "clear");
}

TEST_CASE("a peer that goes on inside TLS does not get a clear socket") {
  const Ends ends(TlsUse::kThenClear);
  REQUIRE((*ends.client)->CloseWrite(Soon()).ok());
  REQUIRE((*ends.server)->Write("one more thing", Soon()).ok());
  CHECK(base::ReasonOf((*ends.client)->ToClear(Soon()).status()) == "TLS_FAILED");
}

TEST_CASE("an end in order is no error, an end without farewell is one") {
  Ends ends(TlsUse::kBulk);
  SECTION("in order") {
    REQUIRE((*ends.server)->CloseWrite(Soon()).ok());
    CHECK(ReadSome(**ends.client).empty());
    // The other direction is still open.
    REQUIRE((*ends.client)->Write("still here", Soon()).ok());
    CHECK(ReadSome(**ends.server) == "still here");
  }
  SECTION("without farewell") {
    (*ends.server).reset();
    char byte = 0;
    CHECK(base::ReasonOf((*ends.client)->Read({&byte, 1}, Soon()).status()) == "CONNECTION_LOST");
  }
}

TEST_CASE("a read takes what has come at once, and what broke behind it is told with its reason by the next") {
  Ends ends(TlsUse::kBulk);
  REQUIRE(ends.client.ok());
  REQUIRE(ends.server.ok());
  TlsConnection& client = **ends.client;
  for (const char* record : {"one", "two", "three"}) REQUIRE(client.Write(record, Soon()).ok());
  const std::string garbage = "\x17\x03\x03" + std::string(1, '\0') + std::string(1, '\x20') + std::string(32, 'x');
  REQUIRE(::send(client.fd(), garbage.data(), garbage.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(garbage.size()));
  CHECK(ReadSome(**ends.server) == "onetwothree");
  for (int again = 0; again < 2; ++again) {
    std::string bytes(100, '\0');
    CHECK(base::ReasonOf((*ends.server)->Read(bytes, Soon()).status()) == "TLS_FAILED");
  }
}

TEST_CASE("a write to a peer that said farewell and has gone fails at once") {
  Ends ends(TlsUse::kThenClear);
  REQUIRE((*ends.client)->CloseWrite(Soon()).ok());
  CHECK(ReadSome(**ends.server).empty());
  ends.client->reset();
  CHECK(base::ReasonOf((*ends.server)->Write("anybody there", Soon())) == "CONNECTION_LOST");
  CHECK(base::ReasonOf((*ends.server)->CloseWrite(Soon())) != "TIMEOUT");
}

TEST_CASE("another thread ends a read, a write and a handshake that nobody answers") {
  Interrupt interrupt;
  const Deadline deadline = Deadline::After(milliseconds(60'000), &interrupt);
  const Ends ends(TlsUse::kBulk);
  const auto [near, silent] = SocketPair();
  const std::string much(8u << 20, 'x');
  absl::Status read;
  absl::Status written;
  absl::Status greeted;
  std::thread reader([&] {
    char byte = 0;
    read = (*ends.client)->Read({&byte, 1}, deadline).status();
  });
  std::thread writer([&] { written = (*ends.server)->Write(much, deadline); });
  std::thread greeter([&, fd = base::UniqueFd(::dup(near.get()))]() mutable {
    greeted =
        TlsConnection::Handshake({ClientKey(), TlsRole::kClient, TlsUse::kBulk}, std::move(fd), "", deadline).status();
  });
  // The writer's bytes reach the reader, who stops after one of them; the rest fills the socket.
  reader.join();
  CHECK(read.ok());
  interrupt.Set();
  writer.join();
  greeter.join();
  CHECK(base::ReasonOf(written) == "INTERRUPTED");
  CHECK(base::ReasonOf(greeted) == "INTERRUPTED");
  char byte = 0;
  CHECK(base::ReasonOf((*ends.server)->Read({&byte, 1}, deadline).status()) == "INTERRUPTED");
}

TEST_CASE("every call ends at its deadline") {
  const Ends ends(TlsUse::kBulk);
  char byte = 0;
  CHECK(base::ReasonOf((*ends.client)->Read({&byte, 1}, AtOnce()).status()) == "TIMEOUT");
  CHECK(base::ReasonOf((*ends.client)->Write(std::string(8u << 20, 'x'), AtOnce())) == "TIMEOUT");
  auto [near, silent] = SocketPair();
  CHECK(base::ReasonOf(
            TlsConnection::Handshake({ServerKey(), TlsRole::kServer, TlsUse::kBulk}, std::move(near), "", AtOnce())
                .status()) == "TIMEOUT");
}

TEST_CASE("keys change while bytes flow, and none is lost") {
  const Ends ends(TlsUse::kBulk);
  (*ends.client)->LimitKey(100'000);
  base::SystemRandom random;
  const std::string sent = random.Bytes(3'000'000);
  std::string received(sent.size(), '\0');
  absl::Status read;
  std::thread reader([&] { read = (*ends.server)->ReadFull(received, Soon()); });
  REQUIRE((*ends.client)->Write(sent, Soon()).ok());
  // Also right before the farewell.
  REQUIRE((*ends.client)->CloseWrite(Soon()).ok());
  reader.join();
  INFO(read);
  CHECK(received == sent);
  CHECK((*ends.client)->key_updates() >= 20);
  CHECK(ReadSome(**ends.server).empty());
}

}  // namespace
}  // namespace crossdock::net
