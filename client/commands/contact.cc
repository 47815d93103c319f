#include "client/commands/contact.h"

#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/addresses.h"
#include "client/figures.h"

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

// Each server's answer, asked all at once.
std::vector<absl::StatusOr<ModelInfo>> AskAll(
    const std::vector<std::unique_ptr<RewardClient>>& clients) {
  std::vector<absl::StatusOr<ModelInfo>> models(clients.size(), absl::UnknownError("not asked"));
  std::vector<std::thread> askers;
  for (size_t i = 0; i < clients.size(); ++i) {
    askers.emplace_back([&, i] { models[i] = clients[i]->GetModel(kContactTimeout); });
  }
  for (std::thread& asker : askers) asker.join();
  return models;
}

// Of several servers: which do not answer, and why the first of them does not. OK: all answer.
absl::Status AllAnswer(const std::vector<std::string>& addresses,
                       const std::vector<absl::StatusOr<ModelInfo>>& models,
                       const ConnectionOptions& connection) {
  std::vector<std::string> silent;
  absl::Status first;
  for (size_t i = 0; i < models.size(); ++i) {
    if (models[i].ok()) continue;
    silent.push_back(addresses[i]);
    if (!first.ok()) continue;
    first = absl::Status(models[i].status().code(),
                         Sentence(models[i].status(), addresses[i], connection));
  }
  if (first.ok() || addresses.size() == 1) return first;
  return absl::Status(
      first.code(),
      absl::StrCat("of ", addresses.size(), " servers, ", silent.size(), " cannot be used, ",
                   absl::StrJoin(silent, ", "), ": ", first.message()));
}

absl::Status SameModel(const std::vector<std::string>& addresses,
                       const std::vector<absl::StatusOr<ModelInfo>>& models) {
  for (size_t i = 1; i < models.size(); ++i) {
    if (models[i]->revision == models[0]->revision) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "the servers at ", addresses[0], " and ", addresses[i], " serve different models, ",
        models[0]->revision, " and ", models[i]->revision,
        ", whose scores cannot be compared: name servers of one model with --address."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Contact> ReachServer(const std::string& addresses,
                                    const ConnectionFlags& connection) {
  Contact contact;
  ClientOptions options;
  ASSAY_ASSIGN_OR_RETURN(options.connection, connection.WithToken());
  ASSAY_ASSIGN_OR_RETURN(contact.client, RewardClient::Connect(addresses, options));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> each, SplitAddresses(addresses));
  contact.servers = static_cast<int64_t>(each.size());
  std::vector<absl::StatusOr<ModelInfo>> models;
  if (each.size() == 1) {
    models.push_back(contact.client->GetModel(kContactTimeout));
  } else {
    std::vector<std::unique_ptr<RewardClient>> clients;
    for (const std::string& address : each) {
      ASSAY_ASSIGN_OR_RETURN(clients.emplace_back(), RewardClient::Connect(address, options));
    }
    models = AskAll(clients);
  }
  ASSAY_RETURN_IF_ERROR(AllAnswer(each, models, options.connection));
  ASSAY_RETURN_IF_ERROR(SameModel(each, models));
  contact.model = *std::move(models[0]);
  return contact;
}

int Fail(const Streams& streams, const absl::Status& status) {
  *streams.err << "assay: " << status.message() << std::endl;
  return kExitFailed;
}

}  // namespace assay::client
