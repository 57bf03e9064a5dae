#include "tests/support/test_ca.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"

namespace crossdock::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

Key NewKey() { return Key(EVP_EC_gen("P-256"), EVP_PKEY_free); }

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

std::string PemOf(X509* certificate) {
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(bio.get(), certificate);
  return Text(bio.get());
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  INVARIANT(extension != nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate NewCertificate(EVP_PKEY* key, const char* name, std::chrono::seconds from, std::chrono::seconds until) {
  static long serial = 1;
  Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from.count());
  X509_gmtime_adj(X509_getm_notAfter(made.get()), until.count());
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return made;
}

}  // namespace

TempDirectory::TempDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "crossdock-test-XXXXXX").string();
  INVARIANT(::mkdtemp(name.data()) != nullptr) << name;
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestCa::TestCa() : key_(NewKey()), certificate_(nullptr, X509_free) {
  certificate_ = NewCertificate(key_.get(), "test CA", std::chrono::hours(-1), std::chrono::hours(24));
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  Extend(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  Extend(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  Extend(certificate_.get(), certificate_.get(), NID_subject_key_identifier, "hash");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
}

TestCa::~TestCa() = default;

Leaf TestCa::Issue(const LeafOptions& options) const {
  const Key key = NewKey();
  const Certificate made = NewCertificate(key.get(), "leaf", options.valid_from, options.valid_for);
  X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
  std::string names;
  for (const std::string& uri : options.uris) names += (names.empty() ? "URI:" : ",URI:") + uri;
  if (!names.empty()) Extend(made.get(), certificate_.get(), NID_subject_alt_name, names);
  Extend(made.get(), certificate_.get(), NID_ext_key_usage, options.usage);
  X509_sign(made.get(), key_.get(), EVP_sha256());
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {PemOf(made.get()) + certificate_pem(), Text(bio.get())};
}

void TestCa::IssueTo(const TempDirectory& directory, const std::string& name, const std::string& uri) const {
  LeafOptions options;
  options.uris = {uri};
  WriteTo(directory, name, Issue(options));
}

void TestCa::WriteTo(const TempDirectory& directory, const std::string& name, const Leaf& leaf) const {
  INVARIANT(base::WriteFileAtomic(directory / (name + ".key"), leaf.key_pem, 0600).ok()) << name;
  INVARIANT(base::WriteFileAtomic(directory / (name + ".crt"), leaf.chain_pem).ok()) << name;
}

std::string TestCa::certificate_pem() const { return PemOf(certificate_.get()); }

std::string TestCa::sha256() const {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate_.get(), &der);
  const std::string digest = base::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return base::ToHex(digest);
}

}  // namespace crossdock::testing
