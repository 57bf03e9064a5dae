#include "lib/rpc/tls.h"

#include <cstdio>
#include <string>

#include "catch2/catch.hpp"
#include "tests/unit/rpc/rpc_fixture.h"

namespace crossdock::rpc {
namespace {

// In the place where main would call it: before anything of OpenSSL.
const absl::Status kLocked = TlsLockDown();

// What `openssl s_client` says of a handshake with these options.
std::string Probe(const Fixture& fixture, const std::string& address, const std::string& options) {
  const std::string command = "timeout 10 openssl s_client -connect " + address + " -CAfile " +
                              (fixture.directory / "ca.crt") + " -cert " + (fixture.directory / "agent.crt") +
                              " -key " + (fixture.directory / "agent.key") + " " + options + " </dev/null 2>&1";
  std::string said;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  while (pipe != nullptr && std::fgets(buffer, sizeof(buffer), pipe) != nullptr) said += buffer;
  if (pipe != nullptr) ::pclose(pipe);
  return said;
}

TEST_CASE("T-02: both ports speak TLS 1.3 with AES-256-GCM and nothing else", "[tls]") {
  REQUIRE(kLocked.ok());
  Fixture fixture;
  for (const std::string& address : {fixture.agents_address, fixture.api_address}) {
    const std::string good = Probe(fixture, address, "-alpn h2");
    CHECK(good.find("TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384") != std::string::npos);
    for (const char* bad :
         {"-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256", "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256",
          "-tls1_2", "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384", "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384",
          "-tls1_2 -cipher ALL:@SECLEVEL=0", "-tls1_1 -cipher ALL:@SECLEVEL=0", "-tls1 -cipher ALL:@SECLEVEL=0"}) {
      INFO(address << " " << bad);
      const std::string said = Probe(fixture, address, std::string(bad) + " -alpn h2");
      CHECK(said.find("Cipher is (NONE)") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace crossdock::rpc
