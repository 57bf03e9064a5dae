// Sites, links, agents, relays, the roster; API tokens.
#pragma once

#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "orchestrator/api/serve.h"

namespace crossdock::orchestrator::api {

// Thread-safe.
class SiteService : public admin::v1::SiteService::Service {
 public:
  explicit SiteService(const ApiContext& api) : api_(api) {}
  grpc::Status ListSites(grpc::ServerContext* context, const admin::v1::ListSitesRequest* request,
                         admin::v1::ListSitesResponse* response) override;
  grpc::Status ListLinks(grpc::ServerContext* context, const admin::v1::ListLinksRequest* request,
                         admin::v1::ListLinksResponse* response) override;
  grpc::Status SetLink(grpc::ServerContext* context, const admin::v1::SetLinkRequest* request,
                       admin::v1::SetLinkResponse* response) override;
  grpc::Status ListAgents(grpc::ServerContext* context, const admin::v1::ListAgentsRequest* request,
                          admin::v1::ListAgentsResponse* response) override;
  grpc::Status RegisterGrant(grpc::ServerContext* context, const admin::v1::RegisterGrantRequest* request,
                             admin::v1::RegisterGrantResponse* response) override;
  grpc::Status DenyKey(grpc::ServerContext* context, const admin::v1::DenyKeyRequest* request,
                       admin::v1::DenyKeyResponse* response) override;
  grpc::Status ListRelays(grpc::ServerContext* context, const admin::v1::ListRelaysRequest* request,
                          admin::v1::ListRelaysResponse* response) override;
  grpc::Status AddRelay(grpc::ServerContext* context, const admin::v1::AddRelayRequest* request,
                        admin::v1::AddRelayResponse* response) override;
  grpc::Status SetRelayKeys(grpc::ServerContext* context, const admin::v1::SetRelayKeysRequest* request,
                            admin::v1::SetRelayKeysResponse* response) override;
  grpc::Status GetTicketKey(grpc::ServerContext* context, const admin::v1::GetTicketKeyRequest* request,
                            admin::v1::GetTicketKeyResponse* response) override;
  grpc::Status GetRoster(grpc::ServerContext* context, const admin::v1::GetRosterRequest* request,
                         admin::v1::GetRosterResponse* response) override;
  grpc::Status SetRoster(grpc::ServerContext* context, const admin::v1::SetRosterRequest* request,
                         admin::v1::SetRosterResponse* response) override;

 private:
  const ApiContext& api_;
};

// Thread-safe.
class TokenService : public admin::v1::TokenService::Service {
 public:
  explicit TokenService(const ApiContext& api) : api_(api) {}
  grpc::Status CreateToken(grpc::ServerContext* context, const admin::v1::CreateTokenRequest* request,
                           admin::v1::CreateTokenResponse* response) override;
  grpc::Status ListTokens(grpc::ServerContext* context, const admin::v1::ListTokensRequest* request,
                          admin::v1::ListTokensResponse* response) override;
  grpc::Status RevokeToken(grpc::ServerContext* context, const admin::v1::RevokeTokenRequest* request,
                           admin::v1::RevokeTokenResponse* response) override;

 private:
  const ApiContext& api_;
};

}  // namespace crossdock::orchestrator::api
