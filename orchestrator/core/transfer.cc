#include "orchestrator/core/transfer.h"

#include <initializer_list>
#include <string_view>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"

namespace crossdock::orchestrator {

std::string TransferKey(const Entity& entity, const std::string& source_site, const std::string& destination_site,
                        const std::string& destination_path, const std::string& purpose) {
  base::Sha256Stream digest;
  for (const std::string_view part : std::initializer_list<std::string_view>{
           "crossdock/transfer-key/v1", entity.source, entity.type, entity.id, entity.version, entity.generation,
           source_site, destination_site, destination_path, purpose}) {
    digest.Update(base::StrCat(part.size(), ":"));
    digest.Update(part);
  }
  return base::ToHex(digest.Finish());
}

}  // namespace crossdock::orchestrator
