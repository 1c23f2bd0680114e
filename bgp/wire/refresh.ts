/** ROUTE-REFRESH (RFC 2918 §3): please send the routes of one family again. */

export interface RouteRefresh {
  readonly type: 'routeRefresh'
  readonly afi: number
  /** Reserved by RFC 2918; RFC 7313 gives 1 and 2 a meaning, only between peers that negotiated it. */
  readonly subtype: number
  readonly safi: number
}
