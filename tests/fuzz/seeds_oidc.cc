#include "tests/fuzz/seeds.h"

namespace crossdock::fuzz {

void AddOidcSeeds(Seeds& seeds) {
  seeds["key_set"]["ec"] =
      R"({"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
 "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
  seeds["key_set"]["ed25519"] =
      R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
  seeds["key_set"]["others"] =
      R"({"keys": [{"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}, {"kty": "oct-none"}, {"kty": "OKP", "crv": "X25519"},
 {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
  seeds["id_token"]["sound"] =
      R"({"iss":"https://id.example","aud":"crossdock","sub":"ana","iat":1799999990,"exp":1800000600,"groups":["artists"]})";
  seeds["id_token"]["several"] =
      R"({"iss":"https://id.example","aud":["x","crossdock"],"azp":"crossdock","sub":"ana","iat":1799999990,"nbf":1799999990,
"exp":1800000600,"amr":["otp"],"acr":"strong"})";
}

}  // namespace crossdock::fuzz
