#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/pki/authority.h"
#include "lib/pki/certificate.h"
#include "lib/pki/join_token.h"

namespace crossdock::pki {
namespace {

constexpr char kAgent[] = "spiffe://demo.studio/site/lon/agent/lon-1";
const base::Instant kNow = *base::ParseInstant("2026-11-20T10:00:00Z");

struct Directory {
  Directory() : path(std::filesystem::temp_directory_path() / base::StrCat("pki_", ::getpid())) {
    std::filesystem::create_directories(path);
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::filesystem::path path;
};

bool OpensslAgrees(const std::string& arguments) {
  return std::system(base::StrCat("openssl ", arguments, " >/dev/null 2>&1").c_str()) == 0;
}

TEST_CASE("a leaf certificate carries exactly its name, its key and its hours") {
  base::SystemRandom random;
  const CertificateAuthority ca = *CreateCa("demo.studio", kNow, random);
  const base::P256Key key = base::P256Key::Generate();
  const absl::StatusOr<std::string> leaf = IssueFromCsr(ca, *CreateCsr(key, kAgent), kAgent, {}, kNow, random);
  REQUIRE(leaf.ok());
  const CertificateInfo info = *ReadCertificate(*leaf);
  CHECK(info.spiffe_uri == kAgent);
  CHECK(info.spki_sha256 == key.SpkiSha256());
  CHECK(info.not_after == kNow + std::chrono::hours(12));
  CHECK(info.not_before == kNow - kBackdate);
  CHECK_FALSE(info.is_ca);
  CHECK(RenewAt(info) > kNow + std::chrono::hours(5));
  CHECK(RenewAt(info) < kNow + std::chrono::hours(6));
  CHECK(CheckNotExpired(info, "x.pem", info.not_after).ok());
  CHECK(base::ReasonOf(CheckNotExpired(info, "x.pem", info.not_after + std::chrono::seconds(1))) ==
        "CERTIFICATE_EXPIRED");
  CHECK(ReadCertificate(ca.certificate_pem)->is_ca);
}

TEST_CASE("openssl verifies what the CA issued, with the server's names, and nothing of another CA") {
  base::SystemRandom random;
  const Directory dir;
  const CertificateAuthority ca = *CreateCa("demo.studio", kNow, random);
  const CertificateAuthority other = *CreateCa("demo.studio", kNow, random);
  const std::string name = "spiffe://demo.studio/orchestrator/o1";
  const std::string leaf = *IssueFromCsr(ca, *CreateCsr(base::P256Key::Generate(), name), name,
                                         {{"orchestrator.demo.studio"}, {"127.0.0.1", "::1"}}, kNow, random);
  REQUIRE(base::WriteFileAtomic(dir / "ca.pem", ca.certificate_pem).ok());
  REQUIRE(base::WriteFileAtomic(dir / "other.pem", other.certificate_pem).ok());
  REQUIRE(base::WriteFileAtomic(dir / "leaf.pem", leaf).ok());
  const std::string at = base::StrCat("verify -x509_strict -attime ", kNow.time_since_epoch().count() / 1'000'000);
  CHECK(OpensslAgrees(base::StrCat(at, " -purpose sslserver -verify_hostname orchestrator.demo.studio -CAfile ",
                                   dir / "ca.pem", " ", dir / "leaf.pem")));
  CHECK(OpensslAgrees(
      base::StrCat(at, " -purpose sslclient -verify_ip ::1 -CAfile ", dir / "ca.pem", " ", dir / "leaf.pem")));
  CHECK_FALSE(
      OpensslAgrees(base::StrCat(at, " -verify_hostname evil.studio -CAfile ", dir / "ca.pem", " ", dir / "leaf.pem")));
  CHECK_FALSE(OpensslAgrees(base::StrCat(at, " -CAfile ", dir / "other.pem", " ", dir / "leaf.pem")));
}

TEST_CASE("a request gets its own name and no other") {
  base::SystemRandom random;
  const CertificateAuthority ca = *CreateCa("demo.studio", kNow, random);
  const std::string csr = *CreateCsr(base::P256Key::Generate(), kAgent);
  CHECK_FALSE(IssueFromCsr(ca, csr, "spiffe://demo.studio/site/lon/agent/lon-2", {}, kNow, random).ok());
  const std::string foreign = "spiffe://evil.studio/site/lon/agent/lon-1";
  CHECK_FALSE(IssueFromCsr(ca, *CreateCsr(base::P256Key::Generate(), foreign), foreign, {}, kNow, random).ok());
  CHECK_FALSE(IssueFromCsr(ca, csr, kAgent, {{"a,DNS:evil"}, {}}, kNow, random).ok());
  CHECK_FALSE(IssueFromCsr(ca, csr, kAgent, {{}, {"localhost"}}, kNow, random).ok());
  CHECK_FALSE(IssueFromCsr(ca, csr, kAgent, {}, kNow, random, std::chrono::hours(24 * 401)).ok());
  CHECK_FALSE(CreateCa("Demo Studio", kNow, random).ok());
  for (const std::string_view name : {"spiffe://demo.studio", "spiffe:///x", "https://demo.studio/x", "spiffe://a//b",
                                      "spiffe://a/b,DNS:evil", "spiffe://a/B", "spiffe://a/b/"}) {
    INFO(name);
    CHECK_FALSE(CreateCsr(base::P256Key::Generate(), name).ok());
  }
}

TEST_CASE("a request with two names, another kind of name, or another kind of key is refused") {
  const Directory dir;
  const auto request = [&](const std::string& key, const std::string& names) {
    REQUIRE(
        OpensslAgrees(base::StrCat("req -new -newkey ", key, " -nodes -keyout ", dir / "k.pem", " -subj /CN=x -out ",
                                   dir / "csr.pem", " -addext 'subjectAltName=", names, "'")));
    return ReadCsr(*base::ReadFile(dir / "csr.pem")).ok();
  };
  const std::string p256 = "ec -pkeyopt ec_paramgen_curve:P-256";
  CHECK(request(p256, base::StrCat("URI:", kAgent)));
  CHECK_FALSE(request(p256, base::StrCat("URI:", kAgent, ",URI:", kAgent)));
  CHECK_FALSE(request(p256, base::StrCat("URI:", kAgent, ",DNS:lon-1")));
  CHECK_FALSE(request(p256, "DNS:lon-1"));
  CHECK_FALSE(request("rsa:2048", base::StrCat("URI:", kAgent)));
  CHECK_FALSE(request("ec -pkeyopt ec_paramgen_curve:P-384", base::StrCat("URI:", kAgent)));
}

TEST_CASE("a request that was changed after it was signed is refused") {
  std::string csr = *CreateCsr(base::P256Key::Generate(), kAgent);
  CHECK(ReadCsr(csr).ok());
  const size_t middle = csr.size() / 2;
  csr[middle] = csr[middle] == 'A' ? 'B' : 'A';
  CHECK_FALSE(ReadCsr(csr).ok());
}

TEST_CASE("a CA is loaded only with its own key") {
  base::SystemRandom random;
  const CertificateAuthority ca = *CreateCa("demo.studio", kNow, random);
  CHECK(LoadCa(ca.key.ToPem(), ca.certificate_pem).ok());
  CHECK_FALSE(LoadCa(base::P256Key::Generate().ToPem(), ca.certificate_pem).ok());
  const base::P256Key key = base::P256Key::Generate();
  const std::string leaf = *IssueFromCsr(ca, *CreateCsr(key, kAgent), kAgent, {}, kNow, random);
  CHECK_FALSE(LoadCa(key.ToPem(), leaf).ok());
}

TEST_CASE("a join token comes back whole or not at all") {
  base::SystemRandom random;
  const JoinToken token{"orchestrator.demo.studio:7443", std::string(64, 'a'), "crossdock/join-grant/v1\n…\n",
                        base::PrivateKey::Generate(random)};
  const std::string text = EncodeJoinToken(token);
  CHECK(text.starts_with("cdj1_"));
  CHECK(text.find_first_of("+/= \n") == std::string::npos);
  const absl::StatusOr<JoinToken> read = DecodeJoinToken(" " + text + "\n");
  REQUIRE(read.ok());
  CHECK(read->orchestrator == token.orchestrator);
  CHECK(read->ca_sha256 == token.ca_sha256);
  CHECK(read->signed_grant == token.signed_grant);
  CHECK(read->enrolment_key.Public() == token.enrolment_key.Public());
  for (size_t size = 0; size < text.size(); ++size) CHECK_FALSE(DecodeJoinToken(text.substr(0, size)).ok());
  CHECK_FALSE(DecodeJoinToken(text + "AAAA").ok());
  CHECK_FALSE(DecodeJoinToken("cdj2_" + text.substr(5)).ok());
}

}  // namespace
}  // namespace crossdock::pki
