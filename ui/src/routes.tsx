/** All pages: where they are, what they are called, and which of them the navigation shows. Each is loaded when it is opened. */

import type { ComponentType } from "react";

import type { IconName } from "./parts/Icon";

export interface Page {
  /** Its path below the root, as react-router writes it. */
  path: string;
  title: string;
  /** What loads it; the component is its default export. */
  load: () => Promise<{ default: ComponentType }>;
  /** How the navigation shows it; pages without are reached from others. */
  nav?: {
    group: "" | "Hardware" | "Networking" | "Site";
    icon: IconName;
    /** The keys that go there: `g m`. */
    keys: string;
  };
}

export const PAGES: readonly Page[] = [
  {
    path: "/",
    title: "Overview",
    load: () => import("./pages/overview/Overview"),
    nav: { group: "", icon: "overview", keys: "g o" },
  },
  {
    path: "/machines",
    title: "Machines",
    load: () => import("./pages/machines/Machines"),
    nav: { group: "Hardware", icon: "machines", keys: "g m" },
  },
  { path: "/machines/:id", title: "Machine", load: () => import("./pages/machine/Machine") },
  {
    path: "/devices",
    title: "Devices",
    load: () => import("./pages/devices/Devices"),
    nav: { group: "Hardware", icon: "devices", keys: "g v" },
  },
  { path: "/devices/:id", title: "Device", load: () => import("./pages/devices/Device") },
  {
    path: "/discoveries",
    title: "Discoveries",
    load: () => import("./pages/discoveries/Discoveries"),
    nav: { group: "Hardware", icon: "discoveries", keys: "g h" },
  },
  { path: "/discoveries/:id", title: "Host", load: () => import("./pages/discoveries/Discovery") },
  {
    path: "/racks",
    title: "Racks",
    load: () => import("./pages/controllers/Racks"),
    nav: { group: "Hardware", icon: "racks", keys: "g r" },
  },
  { path: "/racks/:id", title: "Rack", load: () => import("./pages/controllers/Rack") },
  {
    path: "/cluster",
    title: "Cluster",
    load: () => import("./pages/cluster/Cluster"),
    nav: { group: "Site", icon: "cluster", keys: "g c" },
  },
  { path: "/regions/:id", title: "Region", load: () => import("./pages/controllers/Region") },
  {
    path: "/operations",
    title: "Operations",
    load: () => import("./pages/operations/Operations"),
    nav: { group: "Site", icon: "operations", keys: "g j" },
  },
  { path: "/operations/:id", title: "Operation", load: () => import("./pages/operations/OperationPage") },
  {
    path: "/events",
    title: "Events",
    load: () => import("./pages/events/Events"),
    nav: { group: "Site", icon: "events", keys: "g e" },
  },
  {
    path: "/revisions",
    title: "Audit",
    load: () => import("./pages/revisions/Revisions"),
    nav: { group: "Site", icon: "audit", keys: "g a" },
  },
  { path: "/revisions/:revision", title: "Revision", load: () => import("./pages/revisions/RevisionPage") },
  {
    path: "/images",
    title: "Images",
    load: () => import("./pages/images/Images"),
    nav: { group: "Site", icon: "images", keys: "g i" },
  },
  { path: "/images/:id", title: "Image", load: () => import("./pages/images/ImagePage") },
  {
    path: "/users",
    title: "Users",
    load: () => import("./pages/users/Users"),
    nav: { group: "Site", icon: "users", keys: "g u" },
  },
  { path: "/users/:name", title: "User", load: () => import("./pages/users/User") },
  { path: "/groups", title: "Groups", load: () => import("./pages/users/Groups") },
  { path: "/groups/:id", title: "Group", load: () => import("./pages/users/GroupPage") },
  { path: "/account", title: "My account", load: () => import("./pages/account/Account") },
  {
    path: "/settings",
    title: "Settings",
    load: () => import("./pages/settings/Settings"),
    nav: { group: "Site", icon: "settings", keys: "g ," },
  },
  { path: "/settings/:part", title: "Settings", load: () => import("./pages/settings/Settings") },
  { path: "/webhooks/:id", title: "Webhook", load: () => import("./pages/webhooks/WebhookPage") },
  { path: "/about", title: "About", load: () => import("./pages/about/About") },
  {
    path: "/networks",
    title: "Networks",
    load: () => import("./pages/networks/Networks"),
    nav: { group: "Networking", icon: "networks", keys: "g n" },
  },
  { path: "/vlans/:id", title: "VLAN", load: () => import("./pages/networks/Vlan") },
  { path: "/subnets/:id", title: "Subnet", load: () => import("./pages/networks/Subnet") },
  {
    path: "/domains",
    title: "DNS",
    load: () => import("./pages/dns/Domains"),
    nav: { group: "Networking", icon: "dns", keys: "g d" },
  },
  { path: "/domains/:id", title: "Zone of the DNS", load: () => import("./pages/dns/Domain") },
  {
    path: "/addresses",
    title: "Reserved addresses",
    load: () => import("./pages/addresses/Addresses"),
    nav: { group: "Networking", icon: "addresses", keys: "g x" },
  },
  {
    path: "/pools",
    title: "Pools",
    load: () => import("./pages/pools/Pools"),
    nav: { group: "Hardware", icon: "pools", keys: "g p" },
  },
  {
    path: "/zones",
    title: "Zones",
    load: () => import("./pages/pools/Zones"),
    nav: { group: "Hardware", icon: "zones", keys: "g z" },
  },
  {
    path: "/tags",
    title: "Tags",
    load: () => import("./pages/tags/Tags"),
    nav: { group: "Hardware", icon: "tags", keys: "g t" },
  },
  { path: "/welcome", title: "First steps", load: () => import("./pages/welcome/Welcome") },
];
