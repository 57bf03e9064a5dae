#include "lib/trust/kinds.h"

#include <cstdlib>
#include <filesystem>
#include <functional>

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "tests/unit/trust/examples.h"

namespace crossdock::trust {
namespace {

struct Vector {
  std::string name;
  std::string text;
  std::function<absl::StatusOr<std::string>(std::string_view)> reencode;
};

template <typename Kind>
Vector VectorOf(const std::string& name, const Kind& example) {
  return {name, *Encode(example), [](std::string_view text) -> absl::StatusOr<std::string> {
            ASSIGN_OR_RETURN(const Kind kind, Decode<Kind>(text));
            return Encode(kind);
          }};
}

std::vector<Vector> Vectors() {
  return {VectorOf("roster", ExampleRosterStatement()),
          VectorOf("policy", ExampleActivation()),
          VectorOf("join-grant", ExampleGrant()),
          VectorOf("agent-identity", ExampleIdentity()),
          VectorOf("relay", ExampleRelay()),
          VectorOf("relay-keys", ExampleRelayKeys()),
          VectorOf("relay-deny", ExampleRelayDeny()),
          VectorOf("approval", ExampleApproval()),
          VectorOf("denial", ExampleDenial()),
          VectorOf("delegation", ExampleDelegation()),
          VectorOf("delegation-end", ExampleDelegationEnd()),
          VectorOf("withdrawal", ExampleWithdrawal()),
          VectorOf("break-glass", ExampleBreakGlass()),
          VectorOf("break-glass-review", ExampleReview()),
          VectorOf("receipt", ExampleReceipt())};
}

std::string PathOf(const Vector& vector) {
  return base::StrCat(CROSSDOCK_SOURCE_DIR "/tests/unit/trust/vectors/", vector.name, ".txt");
}

// Run with this name to write the vectors anew after a deliberate change of the format.
TEST_CASE("write the vectors", "[.][write-vectors]") {
  for (const Vector& vector : Vectors()) {
    REQUIRE(base::WriteFileAtomic(PathOf(vector), SignedStatement::Sign(vector.text, TestKey("signer")).Format()).ok());
  }
}

TEST_CASE("each kind of statement has exactly the stored text and signature") {
  for (const Vector& vector : Vectors()) {
    INFO(vector.name);
    const std::string stored = *base::ReadFile(PathOf(vector));
    CHECK(SignedStatement::Sign(vector.text, TestKey("signer")).Format() == stored);
    const SignedStatement read = *SignedStatement::Parse(stored);
    CHECK(read.Format() == stored);
    CHECK(read.VerifyExactly(TestKey("signer").Public()).ok());
    CHECK(*vector.reencode(read.statement()) == read.statement());
  }
}

TEST_CASE("openssl alone verifies every kind of statement") {
  const std::filesystem::path dir = std::filesystem::temp_directory_path() / base::StrCat("trust_", getpid());
  std::filesystem::create_directories(dir);
  REQUIRE(base::WriteFileAtomic(dir / "key.pem", TestKey("signer").ToPem(), 0600).ok());
  for (const Vector& vector : Vectors()) {
    INFO(vector.name);
    const SignedStatement signed_statement = *SignedStatement::Parse(*base::ReadFile(PathOf(vector)));
    REQUIRE(base::WriteFileAtomic(dir / "text", signed_statement.statement()).ok());
    REQUIRE(base::WriteFileAtomic(dir / "signature", signed_statement.signatures()[0].bytes).ok());
    const std::string command =
        base::StrCat("openssl pkeyutl -verify -rawin -inkey ", (dir / "key.pem").string(), " -in ",
                     (dir / "text").string(), " -sigfile ", (dir / "signature").string(), " >/dev/null 2>&1");
    CHECK(std::system(command.c_str()) == 0);
    REQUIRE(base::WriteFileAtomic(dir / "text", signed_statement.statement() + "x").ok());
    CHECK(std::system(command.c_str()) != 0);
  }
  std::filesystem::remove_all(dir);
}

TEST_CASE("every line of every kind must be there, once, in its place") {
  for (const Vector& vector : Vectors()) {
    std::vector<std::string> lines;
    for (size_t at = 0; at < vector.text.size();) {
      const size_t end = vector.text.find('\n', at);
      lines.push_back(vector.text.substr(at, end + 1 - at));
      at = end + 1;
    }
    const auto join = [](const std::vector<std::string>& parts) {
      std::string text;
      for (const std::string& part : parts) text += part;
      return text;
    };
    REQUIRE(vector.reencode(join(lines)).ok());
    for (size_t i = 1; i < lines.size(); ++i) {
      INFO(vector.name << ": " << lines[i]);
      std::vector<std::string> changed = lines;
      changed.insert(changed.begin() + static_cast<long>(i), lines[i]);
      CHECK(base::ReasonOf(vector.reencode(join(changed)).status()) == kStatementMalformed);
      changed = lines;
      std::swap(changed[i - 1], changed[i]);
      CHECK(base::ReasonOf(vector.reencode(join(changed)).status()) == kStatementMalformed);
      if (vector.name == "relay-deny" && i > 2) continue;  // a shorter list is a list
      changed = lines;
      changed.erase(changed.begin() + static_cast<long>(i));
      CHECK(base::ReasonOf(vector.reencode(join(changed)).status()) == kStatementMalformed);
    }
  }
}

TEST_CASE("a receipt says that a scan was clean in its last line, or has no such line") {
  Receipt receipt = ExampleReceipt();
  const std::string without = *Encode(receipt);
  CHECK(without.find("scan: ") == std::string::npos);
  CHECK(Decode<Receipt>(without)->scan.empty());
  receipt.scan = "clean";
  CHECK(*Encode(receipt) == without + "scan: clean\n");
  CHECK(Decode<Receipt>(without + "scan: clean\n")->scan == "clean");
  CHECK(base::ReasonOf(Decode<Receipt>(without + "scan: dirty\n").status()) == kStatementMalformed);
  CHECK(base::ReasonOf(Decode<Receipt>(without + "scan: clean\nscan: clean\n").status()) == kStatementMalformed);
  receipt.scan = "dirty";
  CHECK(base::ReasonOf(Encode(receipt).status()) == kStatementMalformed);
}

TEST_CASE("a statement of another kind is not taken for this one") {
  const std::string text = *Encode(ExampleApproval());
  CHECK(base::ReasonOf(Decode<Receipt>(text).status()) == kStatementMalformed);
}

TEST_CASE("nothing is signed that could not be read back") {
  ApprovalStatement approval = ExampleApproval();
  approval.source = "lon";
  CHECK(base::ReasonOf(Encode(approval).status()) == kStatementMalformed);
  approval = ExampleApproval();
  approval.client = "-";
  CHECK_FALSE(Encode(approval).ok());
  approval = ExampleApproval();
  approval.listing[0] = 'A';
  CHECK_FALSE(Encode(approval).ok());
  RelayStatement relay = ExampleRelay();
  relay.address_wan = "relay.example:0";
  CHECK_FALSE(Encode(relay).ok());
  RelayDeny deny = ExampleRelayDeny();
  std::swap(deny.deny[0], deny.deny[1]);
  CHECK_FALSE(Encode(deny).ok());
}

TEST_CASE("an absent value reads back as absent") {
  ApprovalStatement approval = ExampleApproval();
  approval.content.clear();
  const std::string text = *Encode(approval);
  CHECK(text.find("\ncontent: -\n") != std::string::npos);
  CHECK(Decode<ApprovalStatement>(text)->content.empty());
  RelayKeys keys = ExampleRelayKeys();
  keys.ticket_key_next.reset();
  CHECK_FALSE(Decode<RelayKeys>(*Encode(keys))->ticket_key_next.has_value());
}

}  // namespace
}  // namespace crossdock::trust
