// Any bytes as a manifest and as a chain of ASC MHL: refused with a reason, or what is written of it reads back to the
// same, and no path of it leads out of its folder.
#include "lib/mhl/read.h"
#include "lib/mhl/write.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

template <typename Document>
bool Check(std::string_view input, absl::StatusOr<Document> (*read)(std::string_view, std::string_view),
           absl::StatusOr<std::string> (*write)(const Document&)) {
  const absl::StatusOr<Document> document = read(input, "fuzz.mhl");
  if (!document.ok()) {
    CheckRefusal(document.status());
    return false;
  }
  const absl::StatusOr<std::string> written = write(*document);
  if (!written.ok()) {
    // XML lets in some characters that we do not write, and others write addresses of people that are none.
    const std::string reason = base::ReasonOf(written.status());
    INVARIANT(reason == mhl::kReasonNotWritable || reason == mhl::kReasonInvalid) << written.status();
    return true;
  }
  const absl::StatusOr<Document> again = read(*written, "again.mhl");
  INVARIANT(again.ok()) << "what was written cannot be read: " << again.status();
  const absl::StatusOr<std::string> twice = write(*again);
  INVARIANT(twice.ok() && *twice == *written) << "a document must come back as it was";
  return true;
}

void CheckPaths(std::string_view input) {
  const absl::StatusOr<mhl::Manifest> manifest = mhl::ReadManifest(input, "fuzz.mhl");
  if (!manifest.ok()) return;
  for (const mhl::FileRecord& file : manifest->files) {
    INVARIANT(mhl::CheckPath(file.path).ok()) << base::PercentEscape(file.path);
    INVARIANT(file.previous_path.empty() || mhl::CheckPath(file.previous_path).ok()) << "renamed from outside";
  }
  for (const auto& directory : manifest->directories) {
    INVARIANT(mhl::CheckPath(directory.path).ok()) << base::PercentEscape(directory.path);
  }
  for (const mhl::Reference& reference : manifest->references) {
    INVARIANT(mhl::CheckPath(reference.path).ok()) << base::PercentEscape(reference.path);
  }
}

}  // namespace

bool FuzzMhl(std::string_view input) {
  const bool manifest = Check<mhl::Manifest>(input, mhl::ReadManifest, mhl::WriteManifest);
  if (manifest) CheckPaths(input);
  const bool chain = Check<mhl::Chain>(input, mhl::ReadChain, mhl::WriteChain);
  INVARIANT(!manifest || !chain) << "one text, read as a manifest and as a chain";
  return manifest || chain;
}

}  // namespace crossdock::fuzz
