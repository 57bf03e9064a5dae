// Small documents over HTTPS, by libcurl.
//
// Nothing but https, no redirects, no proxy of the environment, no more than kDocumentMax bytes, ten seconds. Blocks;
// any thread. UNAVAILABLE (HTTPS_FAILED) says why there is none.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::https {

inline constexpr size_t kDocumentMax = 256u << 10;

using Form = std::vector<std::pair<std::string, std::string>>;

// What a GET of `url` answers with 200. `ca_file`: the authorities to believe; empty: the system's.
absl::StatusOr<std::string> Get(const std::string& url, const std::string& ca_file);

// What a POST of `form` (application/x-www-form-urlencoded) is answered with, be it 200 or 400: OAuth says in either
// what is wrong.
absl::StatusOr<std::string> Post(const std::string& url, const Form& form, const std::string& ca_file);

// POSTs a JSON document with `headers` ("name: value"); OK when it is answered with 2xx.
absl::Status PostJson(const std::string& url, const std::vector<std::string>& headers, const std::string& document,
                      const std::string& ca_file);

// name=value&…, every byte but letters, digits and -._~ as %XX.
std::string EncodeForm(const Form& form);

}  // namespace crossdock::https
