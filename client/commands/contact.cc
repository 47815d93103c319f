#include "client/commands/contact.h"

#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/addresses.h"
#include "client/figures.h"
#include "client/model_query.h"

namespace assay::client {
namespace {

constexpr absl::Duration kContactTimeout = absl::Seconds(5);
constexpr char kStartOne[] =
    "Start one with `assay-server`, or name another address with --address or in ASSAY_ADDRESS.";

}  // namespace

std::string WhyUnreachable(absl::string_view why, const std::string& address,
                           const ConnectionOptions& connection) {
  const std::string server = absl::StrCat("the server at ", address);
  if (absl::StrContains(why, "certificate verify failed")) {
    return absl::StrCat(server, " shows a certificate that ", connection.tls_ca,
                        " does not vouch for, or that has expired: name the file of its authority "
                        "with --tls-ca, or have the server's certificate renewed.");
  }
  if (absl::StrContains(why, "Peer name")) {
    return absl::StrCat(server,
                        " shows a certificate for another name: use the name that is in it, or say "
                        "it with --tls-server-name.");
  }
  if (absl::StrContains(why, "wrong version number")) {
    return absl::StrCat(server,
                        " does not speak TLS: leave --tls-ca away, or give the server "
                        "--tls-certificate and --tls-key.");
  }
  if (absl::StrContains(why, "closed") || absl::StrContains(why, "reset") ||
      absl::StrContains(why, "alert")) {
    return absl::StrCat(
        server, " closed the connection unanswered: ",
        connection.tls_ca.empty() ? "if it speaks TLS, name its authority's file with --tls-ca."
        : connection.tls_certificate.empty()
            ? "if it asks for a certificate, show one with --tls-certificate and --tls-key."
            : "it may not accept the certificate in --tls-certificate, which must be of its "
              "--tls-client-ca and not expired.");
  }
  return absl::StrCat("no server answers at ", address, ". ", kStartOne, " (", why, ")");
}

namespace {

std::string Sentence(const absl::Status& status, const std::string& address,
                     const ConnectionOptions& connection) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return WhyUnreachable(status.message(), address, connection);
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer from ", address, " within ", Span(kContactTimeout), ". ",
                          kStartOne);
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the server at ", address,
                          " is no Assay server: it does not know assay.v1.RewardService.");
    case absl::StatusCode::kUnauthenticated:
      return absl::StrCat(
          "the server at ", address,
          connection.token.empty()
              ? " asks for a token: name the file that holds one with --token-file, or set "
                "ASSAY_TOKEN."
              : " does not know this token, which was mistyped, replaced or withdrawn: get a new "
                "one from whoever runs the server, for --token-file or ASSAY_TOKEN.");
    case absl::StatusCode::kPermissionDenied:
      return absl::StrCat("the server at ", address, " knows this token as another tenant's than ",
                          connection.tenant, ": use that tenant's token, or leave --tenant away.");
    default:
      return absl::StrCat("the server at ", address, " answered ", status.ToString());
  }
}

// "of 4 servers, 2 cannot be used, A, B: why A cannot".
std::string Missing(const std::vector<ServerModel>& models,
                    const std::vector<const ServerModel*>& silent,
                    const ConnectionOptions& connection) {
  const std::string why = Sentence(silent[0]->model.status(), silent[0]->address, connection);
  if (models.size() == 1) return why;
  return absl::StrCat("of ", models.size(), " servers, ", silent.size(), " cannot be used, ",
                      absl::StrJoin(silent, ", ",
                                    [](std::string* out, const ServerModel* server) {
                                      absl::StrAppend(out, server->address);
                                    }),
                      ": ", why);
}

// OK where those that must answer do; the others that do not are told.
absl::Status EnoughAnswer(const std::vector<ServerModel>& models,
                          const std::vector<std::string>& addresses,
                          const ConnectionOptions& connection, const Streams& streams) {
  std::vector<const ServerModel*> silent;
  std::vector<const ServerModel*> silent_by_address;  // Of them, those that the user named.
  for (const ServerModel& server : models) {
    if (server.model.ok()) continue;
    silent.push_back(&server);
    if (absl::c_linear_search(addresses, server.address)) silent_by_address.push_back(&server);
  }
  if (silent.empty()) return absl::OkStatus();
  const bool none_answers = silent.size() == models.size();
  if (none_answers || !silent_by_address.empty()) {
    const auto& missing = none_answers ? silent : silent_by_address;
    return absl::Status(missing[0]->model.status().code(), Missing(models, missing, connection));
  }
  *streams.err << "assay: " << Missing(models, silent, connection) << " The others do without."
               << std::endl;
  return absl::OkStatus();
}

absl::Status SameModel(const std::vector<ServerModel>& models) {
  const ServerModel* first = nullptr;
  for (const ServerModel& server : models) {
    if (!server.model.ok()) continue;
    if (first == nullptr) first = &server;
    if (server.model->revision == first->model->revision) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "the servers at ", first->address, " and ", server.address, " serve different models, ",
        first->model->revision, " and ", server.model->revision,
        ", whose scores cannot be compared: name servers of one model with --address."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Contact> ReachServer(const std::string& addresses, const ConnectionFlags& connection,
                                    const Streams& streams) {
  Contact contact;
  ClientOptions options;
  ASSAY_ASSIGN_OR_RETURN(options.connection, connection.WithToken());
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> each, SplitAddresses(addresses));
  ASSAY_ASSIGN_OR_RETURN(contact.client, RewardClient::Connect(addresses, options));
  std::vector<ServerModel> models = contact.client->GetModels(kContactTimeout);
  if (models.empty()) {  // A name that stands for no server.
    const absl::Status why = contact.client->GetModel(kContactTimeout).status();
    return absl::Status(why.code(), Sentence(why, addresses, options.connection));
  }
  ASSAY_RETURN_IF_ERROR(EnoughAnswer(models, each, options.connection, streams));
  ASSAY_RETURN_IF_ERROR(SameModel(models));
  contact.model = *std::move(
      absl::c_find_if(models, [](const ServerModel& server) { return server.model.ok(); })->model);
  return contact;
}

int Fail(const Streams& streams, const absl::Status& status) {
  *streams.err << "assay: " << status.message() << std::endl;
  return kExitFailed;
}

}  // namespace assay::client
