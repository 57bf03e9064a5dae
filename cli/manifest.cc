#include "cli/manifest.h"

#include <istream>
#include <ostream>

#include "cli/output.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using v1::ApprovalService;

constexpr uint64_t kManifestChunksMax = 100'000;

absl::StatusOr<wire::Manifest> Fetch(ApprovalService::Stub& stub, const std::string& transfer, uint64_t chunks,
                                     const Context& context) {
  if (chunks > kManifestChunksMax) {
    return base::ResourceExhausted("the manifest has ", chunks, " chunks, more than ", kManifestChunksMax);
  }
  wire::Manifest manifest;
  wire::ManifestDecoder decoder;
  v1::GetManifestChunkRequest request;
  request.set_transfer(transfer);
  for (uint64_t i = 0; i < chunks; ++i) {
    request.set_index(i);
    ASSIGN_OR_RETURN(const auto response,
                     Call(context.connection, stub, &ApprovalService::Stub::GetManifestChunk, request));
    RETURN_IF_ERROR(decoder.Add(response.chunk(), &manifest));
  }
  return manifest;
}

}  // namespace

absl::Status Differs(const char* what, const std::string& shown, const std::string& claimed) {
  return base::WithReason(
      base::FailedPrecondition("the manifest's ", what, " is ", shown, ", but the orchestrator says ", claimed,
                               ": do not sign; tell your security desk"),
      "MANIFEST_DIFFERS");
}

absl::StatusOr<Looked> LookAt(ApprovalService::Stub& stub, const v1::Transfer& transfer, uint64_t chunks,
                              const Context& context) {
  Looked looked;
  ASSIGN_OR_RETURN(looked.manifest, Fetch(stub, transfer.transfer(), chunks, context));
  looked.listing = base::ToHex(wire::ListingDigest(looked.manifest));
  if (looked.listing != transfer.listing_digest()) {
    return Differs("listing", looked.listing, transfer.listing_digest());
  }
  if (looked.manifest.files() != transfer.files() || looked.manifest.bytes() != transfer.bytes()) {
    return Differs("size", base::StrCat(looked.manifest.files(), " files of ", looked.manifest.bytes(), " bytes"),
                   base::StrCat(transfer.files(), " of ", transfer.bytes()));
  }
  return looked;
}

void PrintFiles(const wire::Manifest& manifest, Context& context) {
  context.out << '\n';
  Table listing({"BYTES", "PATH"});
  for (const auto& entry : manifest.entries) {
    if (entry.type == wire::EntryType::kFile) listing.Add({std::to_string(entry.size), entry.path});
    if (entry.type == wire::EntryType::kHardLink) listing.Add({"link", entry.path + " = " + *entry.link_target});
  }
  listing.Print(context.out);
}

absl::Status ConfirmSigning(const std::string& statement, Context& context) {
  context.err << "\nThis is what you sign:\n\n" << statement << "\nType yes to sign: " << std::flush;
  std::string answer;
  std::getline(context.in, answer);
  return answer == "yes" ? absl::OkStatus() : base::FailedPrecondition("nothing was signed");
}

}  // namespace crossdock::cli
