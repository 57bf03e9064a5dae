#include "lib/oidc/key_set.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/unit/oidc/provider.h"

namespace crossdock::oidc {
namespace {

absl::StatusOr<KeySet> SetOf(const std::vector<Json>& keys) { return KeySet::Parse(Json{{"keys", keys}}.dump()); }

std::string ReasonOfSet(const std::vector<Json>& keys) { return base::ReasonOf(SetOf(keys).status()); }

// RFC 7515, A.3, and RFC 8037, A.4.
constexpr std::string_view kEcSet =
    R"({"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                  "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
constexpr std::string_view kEcText =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
constexpr std::string_view kEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view kEdSet =
    R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
constexpr std::string_view kEdText = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
constexpr std::string_view kEdSignature =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

TEST_CASE("the signatures that the standards print are good, and no other") {
  for (const auto& [set, algorithm, text, signature] : {std::tuple{kEcSet, Algorithm::kEs256, kEcText, kEcSignature},
                                                        {kEdSet, Algorithm::kEdDsa, kEdText, kEdSignature}}) {
    const auto keys = KeySet::Parse(set);
    REQUIRE(keys.ok());
    std::string bytes = *base::FromBase64Url(signature);
    CHECK(keys->Verify("", algorithm, text, bytes).ok());
    CHECK(base::ReasonOf(keys->Verify("", algorithm, std::string(text) + "x", bytes)) == "SIGNATURE_INVALID");
    bytes[40] = static_cast<char>(bytes[40] ^ 1);
    CHECK(base::ReasonOf(keys->Verify("", algorithm, text, bytes)) == "SIGNATURE_INVALID");
    bytes.pop_back();
    CHECK(base::ReasonOf(keys->Verify("", algorithm, text, bytes)) == "SIGNATURE_INVALID");
  }
}

TEST_CASE("each algorithm takes what its key has signed") {
  const SigningKey rsa = SigningKey::Rsa();
  const SigningKey ec = SigningKey::P256();
  const SigningKey ed = SigningKey::Ed25519();
  const auto keys = SetOf({rsa.Jwk("rsa"), ec.Jwk("ec"), ed.Jwk("ed")});
  REQUIRE(keys.ok());
  CHECK(keys->Verify("rsa", Algorithm::kRs256, "text", rsa.Sign(Algorithm::kRs256, "text")).ok());
  CHECK(keys->Verify("rsa", Algorithm::kPs256, "text", rsa.Sign(Algorithm::kPs256, "text")).ok());
  CHECK(keys->Verify("ec", Algorithm::kEs256, "text", ec.Sign(Algorithm::kEs256, "text")).ok());
  CHECK(keys->Verify("ed", Algorithm::kEdDsa, "text", ed.Sign(Algorithm::kEdDsa, "text")).ok());
  CHECK(base::ReasonOf(keys->Verify("rsa", Algorithm::kPs256, "text", rsa.Sign(Algorithm::kRs256, "text"))) ==
        "SIGNATURE_INVALID");
  CHECK(base::ReasonOf(keys->Verify("ec", Algorithm::kRs256, "text", "s")) == "KEY_UNFIT");
  CHECK(base::ReasonOf(keys->Verify("../ec", Algorithm::kEs256, "text", "s")) == "KEY_UNKNOWN");
}

TEST_CASE("a key is for what its owner says") {
  const SigningKey rsa = SigningKey::Rsa();
  Json jwk = rsa.Jwk("one");
  jwk["alg"] = "PS256";
  const auto keys = SetOf({jwk});
  REQUIRE(keys.ok());
  CHECK(base::ReasonOf(keys->Verify("one", Algorithm::kRs256, "text", rsa.Sign(Algorithm::kRs256, "text"))) ==
        "KEY_UNFIT");
  CHECK(keys->Verify("one", Algorithm::kPs256, "text", rsa.Sign(Algorithm::kPs256, "text")).ok());
}

TEST_CASE("without an id only one key may be meant") {
  const SigningKey a = SigningKey::P256();
  const SigningKey b = SigningKey::P256();
  const auto two = SetOf({a.Jwk("a"), b.Jwk("b"), SigningKey::Rsa().Jwk("c")});
  REQUIRE(two.ok());
  const std::string signature = a.Sign(Algorithm::kEs256, "text");
  CHECK(base::ReasonOf(two->Verify("", Algorithm::kEs256, "text", signature)) == "KEY_UNKNOWN");
  CHECK(two->Verify("a", Algorithm::kEs256, "text", signature).ok());
  CHECK(SetOf({a.Jwk("a"), SigningKey::Rsa().Jwk("c")})->Verify("", Algorithm::kEs256, "text", signature).ok());
}

TEST_CASE("keys that are weak, of other kinds or for other uses are left out") {
  const Json good = SigningKey::P256().Jwk("good");
  Json encrypts = SigningKey::Rsa().Jwk("encrypts");
  encrypts["use"] = "enc";
  Json symmetric{{"kty", "unknown"}, {"kid", "symmetric"}};
  Json off_curve = good;
  off_curve["kid"] = "off";
  off_curve["y"] = off_curve["x"];
  Json odd = SigningKey::Rsa().Jwk("odd");
  odd["e"] = "Aw";  // 3
  Json hashed = SigningKey::Rsa().Jwk("hashed");
  hashed["alg"] = "RS512";
  const auto keys = SetOf({good, encrypts, symmetric, off_curve, odd, hashed, SigningKey::Rsa(1024).Jwk("weak")});
  REQUIRE(keys.ok());
  CHECK(keys->Knows("good"));
  for (const char* id : {"encrypts", "symmetric", "off", "odd", "hashed", "weak"}) {
    INFO(id);
    CHECK_FALSE(keys->Knows(id));
  }
}

TEST_CASE("a set that is wrong is refused whole") {
  const Json good = SigningKey::P256().Jwk("one");
  CHECK(ReasonOfSet({good, good}) == "KEY_SET_INVALID");
  CHECK(ReasonOfSet({}) == "KEY_SET_INVALID");
  CHECK(ReasonOfSet({good, Json("text")}) == "KEY_SET_INVALID");
  Json secret = good;
  secret["d"] = "AAAA";
  CHECK(ReasonOfSet({secret}) == "KEY_SET_INVALID");
  CHECK(ReasonOfSet({{{"kty", "oct"}, {"k", "AAAA"}}, good}) == "KEY_SET_INVALID");
  std::vector<Json> many;
  for (size_t number = 0; number <= KeySet::kKeysMax; ++number) many.push_back({{"kty", "x"}});
  CHECK(ReasonOfSet(many) == "KEY_SET_INVALID");
  CHECK_FALSE(KeySet::Parse("{\"keys\": 1}").ok());
  CHECK_FALSE(KeySet::Parse("[]").ok());
  CHECK_FALSE(KeySet::Parse(std::string(KeySet::kTextMax + 1, ' ')).ok());
}

TEST_CASE("the names of the algorithms are read as they are written, and no others are known") {
  for (const Algorithm algorithm : kAllAlgorithms) CHECK(AlgorithmOf(AlgorithmName(algorithm)) == algorithm);
  for (const char* name : {"none", "None", "HS256", "RS512", "es256", ""}) CHECK_FALSE(AlgorithmOf(name).has_value());
}

}  // namespace
}  // namespace crossdock::oidc
