#include "lib/trust/signed_statement.h"

#include <array>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "lib/trust/statement.h"
#include "tests/unit/trust/examples.h"

namespace crossdock::trust {
namespace {

std::string ReasonOfParsing(std::string_view text) { return base::ReasonOf(SignedStatement::Parse(text).status()); }

TEST_CASE("a value of any bytes has one spelling") {
  const Statement statement{"crossdock/test/v1", {{"empty", ""}, {"dash", "-"}, {"bytes", std::string("a\n%\0é", 6)}}};
  const std::string text = FormatStatement(statement);
  CHECK(text == "crossdock/test/v1\nempty: -\ndash: %2D\nbytes: a%0A%25%00%C3%A9\n");
  CHECK(*ParseStatement(text) == statement);
}

TEST_CASE("a statement in any other spelling is refused") {
  for (const std::string_view text : {
           "",
           "\n",
           "crossdock/test/v1",
           "other/test/v1\n",
           "crossdock/Test/v1\n",
           "crossdock/test/v1\r\n",
           "crossdock/test/v1\na: %61\n",       // a needless escape
           "crossdock/test/v1\na: %0a\n",       // lower-case hex
           "crossdock/test/v1\na: \xc3\xa9\n",  // not escaped
           "crossdock/test/v1\na: \n",          // empty is '-'
           "crossdock/test/v1\na:b\n",
           "crossdock/test/v1\nA: b\n",
           "crossdock/test/v1\n: b\n",
           "crossdock/test/v1\na: b",
           "crossdock/test/v1\n\na: b\n",
           "\xef\xbb\xbf"
           "crossdock/test/v1\n",
       }) {
    INFO(text);
    CHECK(base::ReasonOf(ParseStatement(text).status()) == kStatementMalformed);
  }
}

TEST_CASE("the limits of a statement hold") {
  const std::string longest(kValueSizeMax, 'x');
  CHECK(ParseStatement("crossdock/test/v1\na: " + longest + "\n").ok());
  CHECK_FALSE(ParseStatement("crossdock/test/v1\na: " + longest + "x\n").ok());
  std::string lines = "crossdock/test/v1\n";
  for (size_t i = 0; i < kFieldsMax; ++i) lines += "a: b\n";
  CHECK(ParseStatement(lines).ok());
  CHECK_FALSE(ParseStatement(lines + "a: b\n").ok());
  std::string big = "crossdock/test/v1\n";
  while (big.size() <= kStatementSizeMax) big += "a: " + longest + "\n";
  CHECK_FALSE(ParseStatement(big).ok());
}

TEST_CASE("a signed statement says who signed it, and any flipped bit shows") {
  const std::string text = *Encode(ExampleRelay());
  const std::string whole = SignedStatement::Sign(text, TestKey("sam")).Format();
  CHECK(SignedStatement::Parse(whole)->VerifyExactly(TestKey("sam").Public()).ok());
  CHECK(base::ReasonOf(SignedStatement::Parse(whole)->VerifyExactly(TestKey("eve").Public())) == kSignatureInvalid);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    const absl::StatusOr<SignedStatement> read = SignedStatement::Parse(flipped);
    CHECK_FALSE((read.ok() && read->VerifyExactly(TestKey("sam").Public()).ok()));
  }
}

TEST_CASE("a surplus, a missing and a repeated signature are refused") {
  const std::string text = *Encode(ExampleRelay());
  const std::array keys{TestKey("sam"), TestKey("eve")};
  const SignedStatement both = SignedStatement::Sign(text, keys);
  CHECK(base::ReasonOf(both.VerifyExactly(TestKey("sam").Public())) == kSignatureInvalid);
  const std::array publics{TestKey("sam").Public(), TestKey("eve").Public()};
  CHECK(both.VerifyExactly(publics).ok());
  CHECK(base::ReasonOf(SignedStatement::Sign(text, keys[0]).VerifyExactly(publics)) == kSignatureInvalid);
  const std::string whole = SignedStatement::Sign(text, keys[0]).Format();
  CHECK(ReasonOfParsing(whole + whole.substr(whole.find("signature"))) == kStatementMalformed);
  CHECK(ReasonOfParsing(text + "\n") == kStatementMalformed);
  CHECK(ReasonOfParsing(text) == kStatementMalformed);
  CHECK(ReasonOfParsing(whole + "\n") == kStatementMalformed);
}

TEST_CASE("a second officer adds a signature on another machine") {
  SignedStatement statement = SignedStatement::Sign(*Encode(ExampleRosterStatement()), TestKey("olga"));
  CHECK(statement.AddSignature(TestKey("omar")).ok());
  CHECK(statement.AddSignature(TestKey("olga")).code() == absl::StatusCode::kAlreadyExists);
  const SignedStatement read = *SignedStatement::Parse(statement.Format());
  CHECK(read.SignedBy(TestKey("olga").Public()));
  CHECK(read.SignedBy(TestKey("omar").Public()));
  CHECK_FALSE(read.SignedBy(TestKey("eve").Public()));
}

TEST_CASE("a signed statement holds at most so many signatures") {
  SignedStatement statement = SignedStatement::Sign(*Encode(ExampleRosterStatement()), TestKey("0"));
  for (size_t i = 1; i < kSignaturesMax; ++i) CHECK(statement.AddSignature(TestKey(std::to_string(i))).ok());
  const std::string whole = statement.Format();
  CHECK(SignedStatement::Parse(whole).ok());
  CHECK(statement.AddSignature(TestKey("one more")).code() == absl::StatusCode::kResourceExhausted);
  const std::string more = SignedStatement::Sign(statement.statement(), TestKey("one more")).Format();
  CHECK(ReasonOfParsing(whole + more.substr(more.find("signature"))) == kStatementMalformed);
}

}  // namespace
}  // namespace crossdock::trust
